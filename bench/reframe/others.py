"""What other tools do with a film; run by a Python that has them (see docs): TOOL FILM TARGET.

`haar` writes windows as JSON: the median of the largest face that OpenCV's Haar cascade finds in
each second, a still window until the next. `detection` and `saliency` write pyautoflip's clip.
"""

import json
import sys
from importlib import import_module
from pathlib import Path


def haar(film: str, target: Path) -> None:
    import cv2  # noqa: PLC0415 - another environment's
    import numpy as np  # noqa: PLC0415

    cascade = cv2.CascadeClassifier(  # pyright: ignore[reportAttributeAccessIssue]
        cv2.data.haarcascades  # pyright: ignore[reportAttributeAccessIssue]
        + "haarcascade_frontalface_default.xml"
    )
    video = cv2.VideoCapture(film)
    fps, found, count = video.get(cv2.CAP_PROP_FPS), {}, 0
    width, height = (
        int(video.get(side)) for side in (cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT)
    )
    while True:
        there, frame = video.read()
        if not there:
            break
        if count % 5 == 0:
            grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
            faces = cascade.detectMultiScale(grey, 1.1, 5, minSize=(40, 40))
            if len(faces):
                x, _, wide, _ = max(faces, key=lambda face: face[2])
                found.setdefault(int(count / fps), []).append(float(x + wide / 2))
        count += 1
    wide, windows, middle = height * 9 / 16, [], width / 2
    for number in range(count):
        middle = float(np.median(found.get(int(number / fps), [middle])))
        left = min(max(middle - wide / 2, 0), width - wide)
        windows.append([left, 0.0, wide, float(height)])
    target.write_text(json.dumps(windows))


def autoflip(film: str, target: Path, *, method: str) -> None:
    """Faces by MediaPipe's detector, which the package brings: InsightFace's is a download."""
    pyautoflip, processor, brought, fetched = (
        import_module(f"pyautoflip{name}")
        for name in (
            "",
            ".core.processor",
            ".detection.mediapipe_face_detector",
            ".detection.face_detector",
        )
    )
    for module in (processor, fetched):
        setattr(module, "FaceDetector", brought.FaceDetector)  # noqa: B010 - an untyped module
    pyautoflip.reframe_video(film, str(target), target_aspect_ratio="9:16", detection_method=method)


if __name__ == "__main__":
    tool, source, made = sys.argv[1:]
    if tool == "haar":
        haar(source, Path(made))
    else:
        autoflip(source, Path(made), method=tool)
