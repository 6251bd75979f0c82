"""Which sound of a source is listened to: the tracks that its clips have."""

from viralclip.audio_tracks import VOICE, choose_tracks
from viralclip.errors import NoSpeechTrackError
from viralclip.media.probe import Probed
from viralclip.speech.transcripts import SpokenSource


def spoken_source(probed: Probed, wish: str = VOICE) -> SpokenSource:
    """The source with the streams of the wished tracks; NoSpeechTrackError if it has no sound."""
    video = probed.video
    numbers = choose_tracks(video.audio_tracks, wish).numbers
    streams = tuple(sound.stream for sound in probed.sounds if sound.number in numbers)
    if not streams:
        raise NoSpeechTrackError(name=video.name)
    return SpokenSource(
        path=probed.path,
        identity=video.content or video.identity,
        duration=video.duration,
        streams=streams,
    )
