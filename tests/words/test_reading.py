"""Transcripts in every format, read as words with times."""

import json
from typing import Any

import pytest

from viralclip.errors import InvalidTranscriptError
from viralclip.words.reading import parse_transcript
from viralclip.words.scripts import parted


def read(data, name="talk.srt", **known: Any):
    return parse_transcript(data, name=name, **known).transcript


def said(data, name="talk.srt", **known: Any):
    return [
        (word.text, round(word.start, 3), round(word.end, 3))
        for word in read(data, name, **known).words
    ]


def faults(data, **known: Any):
    with pytest.raises(InvalidTranscriptError) as raised:
        parse_transcript(data, name="talk.srt", **known)
    return [str(fault) for fault in raised.value.faults]


def test_a_line_of_srt_is_spread_over_its_words_by_their_letters():
    srt = (
        "1\n00:00:01,000 --> 00:00:02,100\nHow <i>are</i> you?\n\n"
        "2\n00:00:03,000 --> 00:00:04,000\n{\\an8}Fine\n"
    )

    assert said(srt) == [
        ("How", 1.0, 1.367),
        ("are", 1.367, 1.733),
        ("you?", 1.733, 2.1),
        ("Fine", 3.0, 4.0),
    ]
    assert [word.break_after for word in read(srt).words] == [None, None, True, True]
    assert [word.spread for word in read(srt).words] == [(1.0, 2.1)] * 3 + [(3.0, 4.0)]


def test_words_of_webvtt_keep_the_times_that_stand_before_them():
    vtt = (
        "WEBVTT\nLanguage: en\n\nNOTE nobody says\nthis\n\n"
        "first\n00:01.000 --> 00:03.000 align:start\n<v Ann Lee>You<00:01.500>Tube "
        "<00:02.000><c>is</c><00:02.200> <00:02.500>here &amp; there\n"
    )
    transcript = read(vtt)

    assert [(w.text, round(w.start, 3), round(w.end, 3)) for w in transcript.words] == [
        ("YouTube", 1.0, 2.0),
        ("is", 2.0, 2.2),
        ("here", 2.5, 2.708),
        ("&", 2.708, 2.75),
        ("there", 2.75, 3.0),
    ]
    assert [word.spread for word in transcript.words] == [None, None, *[(2.5, 3.0)] * 3]
    assert {word.speaker for word in transcript.words} == {"Ann Lee"}
    assert transcript.language == "en"


def test_lines_that_scroll_up_are_said_once():
    vtt = (
        "WEBVTT\nKind: captions\nLanguage: en\n\n"
        "00:00:00.000 --> 00:00:02.000\n \nso<00:00:00.500><c> here</c>\n\n"
        "00:00:02.000 --> 00:00:02.010\nso here\n \n\n"
        "00:00:02.010 --> 00:00:04.000\nso here\nwe<00:00:03.000><c> go</c>\n\n"
        "00:00:04.000 --> 00:00:04.010\nwe go\n \n"
    )

    assert said(vtt, "a.vtt") == [
        ("so", 0.0, 0.5),
        ("here", 0.5, 2.0),
        ("we", 2.01, 3.0),
        ("go", 3.0, 4.0),
    ]


def test_a_repeated_answer_is_no_scrolling():
    srt = "1\n00:01 --> 00:02\nNo.\n\n2\n00:02 --> 00:03\nNo.\n\n3\n00:03 --> 00:04\nWhy?\n"

    assert [text for text, _, _ in said(srt)] == ["No.", "No.", "Why?"]


def test_text_behind_an_empty_line_belongs_to_the_cue_before_it():
    srt = (
        "1\n00:01 --> 00:02\nfirst\n\nsecond\n\n"
        "2\n00:03 -> 00:04\nthird\n3\n00:05 --> 00:06\nfourth\n"
    )

    assert [text for text, _, _ in said(srt)] == ["first", "second", "third", "fourth"]


def test_karaoke_of_ass_times_its_words():
    ass = (
        "[Script Info]\nTitle: x\n\n[Events]\n"
        "Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n"
        "Comment: 0,0:00:00.00,0:00:09.00,Default,,0,0,0,,not said\n"
        "Dialogue: 0,0:00:01.00,0:00:03.00,Default,Bo,0,0,0,,"
        "{\\k50}ka{\\k50}ra, {\\kf100}oke\\Nyes\n"
        "Dialogue: 0,0:00:03.00,0:00:03.50,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}\n"
    )

    assert said(ass, "a.ass") == [("kara,", 1.0, 2.0), ("oke", 2.0, 2.5), ("yes", 2.5, 3.0)]
    assert read(ass).words[0].speaker == "Bo"


TOOLS = "Whisper, faster-whisper, WhisperX, whisper.cpp, Deepgram and AssemblyAI"
WHISPER = {
    "text": " Hello You-Tube.",
    "segments": [
        {
            "id": 0,
            "start": 0.0,
            "end": 2.0,
            "text": " Hello You-Tube.",
            "words": [
                {"word": " Hello", "start": 0.1, "end": 0.5, "probability": 0.9},
                {"word": " You", "start": 0.6, "end": 0.8, "probability": 0.8},
                {"word": "-Tube.", "start": 0.8, "end": 1.2, "probability": 0.7},
            ],
        },
        {"id": 1, "start": 2.0, "end": 3.0, "text": " Bye bye"},
    ],
    "language": "de",
}
WHISPERX = {
    "segments": [
        {
            "start": 1.0,
            "end": 3.0,
            "text": "In 1999 yes.",
            "words": [
                {"word": "In", "start": 1.0, "end": 1.5, "score": 0.5, "speaker": "SPEAKER_00"},
                {"word": "1999", "speaker": "SPEAKER_00"},
                {"word": "yes.", "start": 2.5, "end": 3.0, "score": 0.6, "speaker": "SPEAKER_01"},
            ],
        }
    ],
    "word_segments": [],
    "language": "en",
}
OPENAI = {
    "segments": [{"id": 0, "start": 0, "end": 2, "text": "Yes, sir!"}],
    "words": [{"word": "Yes", "start": 0, "end": 1}, {"word": "sir", "start": 1, "end": 2}],
}
FASTER_OLD = [
    {"start": 0.0, "end": 1.0, "text": " Yes", "words": [[0.2, 0.8, " Yes", 0.5]]},
]
WHISPER_CPP = {
    "result": {"language": "en"},
    "transcription": [
        {
            "offsets": {"from": 0, "to": 1000},
            "text": " Ye s",
            "tokens": [
                {"text": "[_BEG_]", "offsets": {"from": 0, "to": 0}},
                {"text": " Ye", "offsets": {"from": 100, "to": 300}},
                {"text": "s", "offsets": {"from": 300, "to": 600}},
            ],
        }
    ],
}
DEEPGRAM = {
    "metadata": {},
    "results": {
        "channels": [
            {
                "detected_language": "en",
                "alternatives": [
                    {
                        "transcript": "Hi.",
                        "words": [
                            {
                                "word": "hi",
                                "punctuated_word": "Hi.",
                                "start": 0.5,
                                "end": 1.0,
                                "confidence": 0.99,
                            },
                        ],
                    }
                ],
            },
            {
                "alternatives": [
                    {
                        "transcript": "",
                        "words": [{"word": "ho", "start": 1.5, "end": 2.0, "confidence": 0.5}],
                    }
                ]
            },
        ]
    },
}
DEEPGRAM_UTTERANCES = {
    "results": {
        "utterances": [
            {
                "start": 0.5,
                "end": 1.0,
                "transcript": "Hi.",
                "speaker": 1,
                "words": [
                    {"word": "hi", "punctuated_word": "Hi.", "start": 0.5, "end": 1.0, "speaker": 1}
                ],
            }
        ]
    }
}
ASSEMBLY = {
    "id": "x",
    "language_code": "en_us",
    "words": [{"text": "Hi.", "start": 500, "end": 1000, "confidence": 0.9, "speaker": "A"}],
    "utterances": None,
}
ASSEMBLY_UTTERANCES = {
    **ASSEMBLY,
    "utterances": [
        {"start": 500, "end": 1000, "text": "Hi.", "speaker": "A", "words": ASSEMBLY["words"]}
    ],
}


@pytest.mark.parametrize(
    ("document", "expected", "language"),
    [
        (
            WHISPER,
            [("Hello", 0.1, 0.5), ("You-Tube.", 0.6, 1.2), ("Bye", 2.0, 2.5), ("bye", 2.5, 3.0)],
            "de",
        ),
        (WHISPERX, [("In", 1.0, 1.5), ("1999", 1.5, 1.5), ("yes.", 2.5, 3.0)], "en"),
        (OPENAI, [("Yes,", 0.0, 1.0), ("sir!", 1.0, 2.0)], ""),
        (FASTER_OLD, [("Yes", 0.2, 0.8)], ""),
        (WHISPER_CPP, [("Yes", 0.1, 0.6)], "en"),
        (DEEPGRAM, [("Hi.", 0.5, 1.0), ("ho", 1.5, 2.0)], "en"),
        (DEEPGRAM_UTTERANCES, [("Hi.", 0.5, 1.0)], ""),
        (ASSEMBLY, [("Hi.", 0.5, 1.0)], "en-us"),
        (ASSEMBLY_UTTERANCES, [("Hi.", 0.5, 1.0)], "en-us"),
    ],
    ids=[
        "whisper",
        "whisperx",
        "openai",
        "faster-whisper",
        "whisper.cpp",
        "deepgram",
        "deepgram-utterances",
        "assemblyai",
        "assemblyai-utterances",
    ],
)
def test_the_json_of_recognisers_is_known_by_its_keys(document, expected, language):
    transcript = read(json.dumps(document), "a.json")

    assert said(json.dumps(document), "a.json") == expected
    assert transcript.language == language


def test_what_recognisers_know_of_a_word_is_kept():
    words = read(json.dumps(WHISPERX)).words
    calls = read(json.dumps(DEEPGRAM)).words

    assert [(w.confidence, w.speaker) for w in words] == [
        (0.5, "SPEAKER_00"),
        (None, "SPEAKER_00"),
        (0.6, "SPEAKER_01"),
    ]
    assert [(w.confidence, w.speaker) for w in calls] == [(0.99, "Channel 0"), (0.5, "Channel 1")]
    assert read(json.dumps(WHISPER)).words[1].confidence == 0.7
    assert read(json.dumps(DEEPGRAM_UTTERANCES)).words[0].speaker == "Speaker 1"


def test_scripts_without_spaces_are_parted_where_people_would_part_them():
    srt = "1\n00:00 --> 00:02\n今日はとても天気がいいですね。\n"
    words = read(srt).words

    assert [word.text for word in words] == ["今日は", "とても", "天気が", "いいですね。"]
    assert [word.joined for word in words] == [False, True, True, True]
    thai = read("1\n00:00 --> 00:02\nวันนี้อากาศดี มาก\n").words
    assert "".join(w.text if w.joined else f" {w.text}" for w in thai).strip() == "วันนี้อากาศดี มาก"


def test_chinese_is_parted_by_its_own_words_and_other_scripts_at_spaces():
    srt = "WEBVTT\nLanguage: {}\n\n00:00 --> 00:02\n{}\n"

    assert said(srt.format("zh-TW", "今天天氣非常好"))[0][0] == "今天"
    assert said(srt.format("zh", "今天的天气"))[0][0] == "今天"
    assert said(srt.format("ja", "今日天気"))[0][0].startswith("今日")
    assert [text for text, _, _ in said(srt.format("km", "សួស្តី អ្នក"))] == ["សួស្តី", "អ្នក"]


def test_a_mark_never_begins_a_word_of_a_script_without_spaces():
    assert parted("「はい」、と。", "ja") == ["「はい」、と。"]
    assert parted("word", "en") == ["word"]


def test_letters_that_a_recogniser_timed_one_by_one_stay_words():
    words = [
        {"word": "天", "start": 0.0, "end": 0.2},
        {"word": "气", "start": 0.2, "end": 0.4},
        {"word": "。", "start": 0.4, "end": 0.5},
        {"word": "iPhone", "start": 0.5, "end": 0.9},
    ]
    document = {"segments": [{"start": 0, "end": 1, "text": "", "words": words}], "language": "zh"}
    found = read(json.dumps(document)).words

    assert [(w.text, w.joined) for w in found] == [("天", False), ("气。", True), ("iPhone", False)]


def test_a_transcript_that_counts_from_another_zero_is_brought_to_the_videos():
    srt = "1\n01:00:01,000 --> 01:00:02,000\nHello\n"
    known: dict[str, Any] = {"duration": 60.0, "fps": 25.0}

    assert said(srt, **known) == [("Hello", 1.0, 2.0)]
    assert said(srt.replace("01:00", "10:20"), timecode="10:20:00:00", **known) == [
        ("Hello", 1.0, 2.0)
    ]
    assert said(srt, offset=2.0, **known) == [("Hello", 3.0, 4.0)]
    assert parse_transcript(srt, name="a.srt", **known).notes == (
        "The transcript counts from 01:00:00:00, which is taken off.",
    )
    assert said("1\n00:00:01:05 --> 00:00:02:00\nHello\n", **known) == [("Hello", 1.2, 2.0)]


def test_words_within_a_cue_move_with_it():
    vtt = "WEBVTT\n\n01:00:01.000 --> 01:00:02.000\nOh<01:00:01.250> yes\n"

    assert said(vtt, duration=60.0, fps=25.0) == [("Oh", 1.0, 1.25), ("yes", 1.25, 2.0)]


def test_lines_beyond_the_end_are_named_and_kept():
    srt = "1\n00:01 --> 00:02\nHere\n\n2\n00:03 --> 00:04\nhere\n\n3\n01:10 --> 01:11\nGone\n"
    reading = parse_transcript(srt, name="a.srt", duration=60.0, fps=25.0)

    assert reading.notes == ("Lines beyond the end of the video are not shown: Gone.",)
    assert len(reading.transcript.words) == 3


def test_any_encoding_is_read_and_a_guess_is_said():
    srt = "1\n00:01 --> 00:02\nДобрый вечер, товарищи\n"  # noqa: RUF001 - Russian
    reading = parse_transcript(srt.encode("cp1251"), name="a.srt")

    assert reading.transcript.words[0].text == "Добрый"
    assert "Windows-1251" in reading.notes[0]
    assert said(srt.encode("utf-16")) == said(srt)
    assert said(b"\xef\xbb\xbf" + srt.encode()) == said(srt)


def test_every_fault_has_its_place():
    srt = "1\n00:01 --> 00:0x\nOne\n\n2\n00:05 --> 00:04\nTwo\n\n3\n--> 00:04\nThree\n"

    assert faults(srt) == [
        "line 2: 00:0x is not a time like 00:01:02,500",
        "line 6: 0:04 is before the start 0:05",
        'line 10: "" is not a time like 00:01:02,500',
    ]
    assert faults("text\n\n1\n00:01 --> 00:02\nHi") == [
        "line 1: the text has no line like 0:10 --> 0:12"
    ]
    assert faults("WEBVTT\n\n00:01 --> 00:02\nHi <1:9:9:9:9>there") == [
        "line 3: <1:9:9:9:9> is not a time"
    ]
    assert faults(srt.replace("0x", "02").replace("00:", "05:10:"), duration=60.0, fps=25.0)[0] == (
        "line 2: 05:10:01 lies outside the video, which has no start timecode"
    )
    ass = "[Events]\nFormat: Layer, Start, End, Text\n"
    ass += "Dialogue: 0,0:00:01.00\nDialogue: 0,x,0:00:01.00,a\n"
    assert faults(ass) == [
        "line 3: the dialogue has 2 columns; the format names layer, start, end, text",
        "line 4: start x is not a time",
    ]


@pytest.mark.parametrize(
    ("document", "fault"),
    [
        (
            {
                "segments": [
                    {"start": 0, "end": 1, "words": [{"word": "a", "start": "x", "end": 1}]}
                ]
            },
            "segments[0].words[0].start: x is not a time in seconds",
        ),
        (
            {"segments": [{"start": 0, "end": 1, "words": [{"word": "a", "start": 0, "end": -1}]}]},
            "segments[0].words[0].end: -1 is not a time in seconds",
        ),
        (
            {"segments": [{"start": 0, "end": 1, "words": [{"start": 0, "end": 1}]}]},
            "segments[0].words[0]: the word has no text",
        ),
        (
            {"segments": [{"start": 0, "end": True, "text": "a"}]},
            "segments[0].end: true is not a time in seconds",
        ),
        ({"segments": [{"end": 1, "text": "a"}]}, "segments[0]: start or end is missing"),
        ({"segments": [{"start": 0, "end": 1}]}, "segments[0].text: null is not text"),
        ({"words": [{"text": "a"}]}, "words[0]: no word here has a time"),
        (
            {"transcription": [{"text": "a", "offsets": {"from": "x", "to": 1}}]},
            "transcription[0].start: x is not a time in milliseconds",
        ),
        (
            {"what": 1},
            f": the JSON is no transcript; known are those of {TOOLS}",
        ),
        ({"segments": []}, ": the transcript holds no words"),
        (
            {"words": [{"text": "a", "start": 2, "end": 1}], "origin": ""},
            "words[0]: a word ends before it starts",
        ),
        ({"words": [{"text": "a", "end": 1}], "origin": ""}, "words[0].start: Field required"),
    ],
)
def test_faults_in_json_have_their_path(document, fault):
    assert faults(json.dumps(document)) == [fault.removeprefix(": ")]


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "the transcript holds no words"),
        ("Just a text", "this is not SRT, WebVTT, ASS or the JSON of a recogniser"),
        ('{"segments": [', "line 1, column 15: the JSON is broken: Expecting value"),
        (bytes(range(256)), "this is not text; save it as UTF-8"),
        (
            b" " * (32 * 1024 * 1024 + 1),
            "the transcript has 33,554,433 bytes; at most 33,554,432 are allowed",
        ),
    ],
)
def test_what_is_no_transcript_is_said(data, fault):
    assert faults(data) == [fault]


def test_no_more_words_are_taken_than_fit():
    many = "1\n00:01 --> 00:02\n" + "a " * 250_001

    assert faults(many) == ["the transcript has 250,001 words; at most 250,000 fit"]


def test_words_that_are_not_those_of_the_segments_are_taken_as_they_are():
    document = {**OPENAI, "segments": [{"id": 0, "start": 0, "end": 2, "text": "Yes"}]}

    assert said(json.dumps(document)) == [("Yes", 0.0, 1.0), ("sir", 1.0, 2.0)]


def test_a_cue_without_words_is_silence():
    assert said("1\n00:01 --> 00:02\n<i></i>\n\n2\n00:03 --> 00:04\nHi\n") == [("Hi", 3.0, 4.0)]


def test_control_characters_are_no_part_of_a_word():
    assert said("1\n00:01 --> 00:02\nHel\x07lo\n") == [("Hello", 1.0, 2.0)]
