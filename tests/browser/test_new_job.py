"""From a video to finished clips, through the page alone."""

import json
import re
import shutil
import subprocess
import zipfile

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from viralclip.cli.sample import make_sample


def new_job(look, served, **context) -> Page:
    return look.open(f"{served.address}/#/new", **context)


def choose(page: Page, *styles: str) -> None:
    for style in styles:
        page.get_by_role("checkbox", name=re.compile(f"^{style}")).check()


def pick(page: Page, option: str) -> None:
    """Choose among options that are shown as segments of one button."""
    radio = page.get_by_role("radio", name=option, exact=True)
    # Whoever clicks sees the words alone, and clicks once they stand still.
    page.locator("label", has=radio).click()
    expect(radio).to_be_checked()


def make(page: Page) -> None:
    page.get_by_role("button", name="Make the clips").click()


def test_an_uploaded_video_becomes_clips_to_play_and_download(look, served, talk, tmp_path):
    page = new_job(look, served)
    page.get_by_label("Drop a video here").set_input_files(talk)
    playhead = page.get_by_role("slider", name="Place in the video")
    playhead.focus()
    page.keyboard.press("i")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("o")
    look.keep(page, "marking")
    page.keyboard.press("Enter")
    page.get_by_label("Title of scene 1").fill("A good start")
    choose(page, "original", "split fast")
    pick(page, "fast")
    look.keep(page, "ready")
    expect(page.get_by_text(re.compile("1 scene . 2 styles = 2 clips"))).to_be_visible()
    make(page)

    expect(page.get_by_role("heading", name="talk.mp4")).to_be_visible()
    expect(page.get_by_role("progressbar", name="The whole job")).to_have_attribute(
        "aria-valuenow", "100"
    )
    clips = page.get_by_role("list", name="2 finished clips")
    expect(clips.get_by_role("listitem")).to_have_count(2)
    for picture in clips.locator("img").all():
        expect(picture).not_to_have_js_property("naturalWidth", 0)
    look.keep(page, "done")
    plays(page)
    downloads(page, tmp_path)


def plays(page: Page) -> None:
    page.get_by_role("button", name="Play A good start, original").click()
    player = page.locator("video[aria-label='A good start, original']")
    expect(player).to_have_js_property("error", value=None)
    page.wait_for_function("() => document.querySelector('video').currentTime > 0.2")


def downloads(page: Page, folder) -> None:
    with page.expect_download() as one:
        page.get_by_role("link", name="Download A good start, split fast").click()
    assert one.value.suggested_filename == "01_a-good-start_split_fast.mp4"
    with page.expect_download() as all_of_them:
        page.get_by_role("link", name="Download all").click()
    all_of_them.value.save_as(folder / "all.zip")
    names = zipfile.ZipFile(folder / "all.zip").namelist()
    assert sorted(names) == ["01_a-good-start_original.mp4", "01_a-good-start_split_fast.mp4"]


def test_a_scene_list_is_pasted_mended_at_its_faults_and_taken(look, served):
    page = new_job(look, served)
    page.get_by_role("button", name="talk.mp4").last.click()
    pick(page, "Paste or file")
    page.get_by_label("Scene list").fill("0:01 - 0:02 Opening\n0:09 - 0:08 Backwards\n0:70 Never")
    choose(page, "original")
    make(page)
    faults = page.get_by_role("list", name="Faults").get_by_role("button")
    expect(faults.first).to_contain_text("line 2")
    look.keep(page, "faults")
    faults.first.click()
    selected = "(area) => area.value.slice(area.selectionStart, area.selectionEnd)"

    assert page.get_by_label("Scene list").evaluate(selected) == "0:09 - 0:08 Backwards"

    page.locator("input[type=file]").set_input_files(
        {
            "name": "scenes.csv",
            "mimeType": "text/csv",
            "buffer": b"start,end,title\n0:01,0:02,From a file\n",
        }
    )
    expect(faults).to_have_count(0)
    make(page)

    expect(page.get_by_role("heading", name="From a file")).to_be_visible()


def test_a_file_that_is_no_video_is_refused_in_words(look, served):
    page = new_job(look, served)
    page.get_by_label("Drop a video here").set_input_files(
        {"name": "notes.mp4", "mimeType": "video/mp4", "buffer": b"not a video at all"}
    )

    expect(page.get_by_role("status").filter(has_text="notes.mp4")).to_contain_text("video")
    expect(page.get_by_role("button", name="Discard")).to_be_visible()


def test_an_upload_goes_on_by_itself_when_the_server_is_back(look, served, talk):
    """The page tries on although the server was away for longer than a fixed count of tries."""
    page = new_job(look, served)
    broken = [*["aborted"] * 8, 502]

    def sometimes(route: Route) -> None:
        if route.request.method == "POST" and broken:
            how = broken.pop(0)
            route.fulfill(status=how) if isinstance(how, int) else route.abort("connectionreset")
        else:
            route.continue_()

    page.route("**/api/uploads", sometimes)
    page.get_by_label("Drop a video here").set_input_files(talk)

    expect(page.get_by_text("The server cannot be reached; trying again")).to_be_visible()
    look.keep(page, "upload-trying-again")
    page.evaluate("setInterval(() => dispatchEvent(new Event('online')), 2000)")
    expect(page.get_by_role("slider", name="Place in the video")).to_be_visible()
    assert broken == []


def test_the_page_shows_what_comes_after_the_last_byte(look, served, talk):
    page = new_job(look, served)
    states = ["checking", "storing"]

    def told(route: Route) -> None:
        if route.request.method != "GET" or not states:
            route.continue_()
            return
        answer = route.fetch().json()
        route.fulfill(json={**answer, "state": states.pop(0), "video_id": None, "fraction": 0.4})

    page.route("**/api/uploads/*", told)
    page.get_by_label("Drop a video here").set_input_files(talk)

    expect(page.get_by_text("Storing the video, 40 %")).to_be_visible()
    look.keep(page, "upload-storing")
    expect(page.get_by_role("slider", name="Place in the video")).to_be_visible()


def test_a_dropped_video_is_uploaded(look, served, talk):
    page = new_job(look, served)
    dropped = page.evaluate_handle(
        """async (address) => {
             const bytes = await (await fetch(address)).arrayBuffer();
             const carried = new DataTransfer();
             carried.items.add(new File([bytes], 'dropped.mp4', { type: 'video/mp4' }));
             return carried;
           }""",
        address_of_some_video(served),
    )
    page.locator("label", has_text="Drop a video here").dispatch_event(
        "drop", {"dataTransfer": dropped}
    )

    expect(page.get_by_role("slider", name="Place in the video")).to_be_visible()
    expect(page.get_by_text("dropped.mp4, 640")).to_be_visible()


def address_of_some_video(served) -> str:
    with served.client() as client:
        video = client.post("/api/videos/files", params={"path": "talk.mp4"}).json()
    return f"{served.address}/api/videos/{video['video_id']}/content"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_wider_than_the_screen(look, served, scheme):
    page = new_job(
        look,
        served,
        viewport={"width": 360, "height": 740},
        color_scheme=scheme,
        has_touch=True,
        is_mobile=True,
    )
    page.get_by_role("button", name="talk.mp4").last.click()
    expect(page.get_by_role("slider", name="Place in the video")).to_be_visible()
    page.get_by_role("button", name="Add a row").click()
    look.keep(page, "new")
    fits = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    assert page.evaluate(fits)

    page.goto(served.submit((0, 1), (1, 2), styles="original,split"))
    expect(page.get_by_text("succeeded").first).to_be_visible()
    assert page.evaluate(fits)
    look.keep(page, "scenes")
    page.get_by_role("button", name="Clips 4").click()
    expect(page.get_by_role("list", name="4 finished clips")).to_be_visible()
    look.keep(page, "clips")
    page.get_by_role("button", name="Log", exact=True).click()
    expect(page.get_by_role("log")).to_be_visible()
    assert page.evaluate(fits)
    look.keep(page, "log")
    page.goto(f"{served.address}/#/")
    expect(page.get_by_role("link", name="talk.mp4").first).to_be_visible()

    assert page.evaluate(fits)


def test_the_crop_is_seen_before_it_is_made_and_set_by_hand(look, serving, face_model, ffmpeg):
    def prepare(served) -> None:
        served.env["VIRALCLIP_YUNET_MODEL"] = str(face_model)
        make_sample(ffmpeg, served.folder / "media" / "faces.mp4", seconds=4.0)

    page = new_job(look, serving(prepare=prepare))
    page.get_by_role("button", name="faces.mp4").last.click()
    page.get_by_role("button", name="Add a row").click()
    page.get_by_label("Start of scene 1").fill("0:00")
    page.get_by_label("End of scene 1").fill("0:02")
    choose(page, "original", "intelligent the")
    page.get_by_role("combobox", name="Show the crop of").select_option("intelligent")
    crop = page.get_by_label(re.compile("^Crop of .*drag it"))
    expect(crop).to_be_visible()
    expect(page.get_by_text(re.compile("follows the main face .* face"))).to_be_visible()
    look.keep(page, "planned")
    planned = box_of(crop)

    crop.press("ArrowRight")
    expect(page.get_by_text("Set by hand for this scene.")).to_be_visible()
    assert box_of(crop)["x"] > planned["x"]
    drag(page, crop, by=-2 * planned["width"])
    assert float(crop.get_attribute("x") or "nan") == 0
    look.keep(page, "pinned")
    page.get_by_role("button", name="Follow again").click()
    expect(page.get_by_text(re.compile("follows the main face .* face"))).to_be_visible()
    crop.press("ArrowLeft")
    with page.expect_request("**/api/jobs") as asked:
        make(page)
    (scene,) = json.loads(asked.value.post_data or "")["scenes"]

    assert set(scene["crop"]) == {"x", "y", "width"}
    expect(page.get_by_role("list", name="2 finished clips")).to_be_visible()


def test_another_video_is_shown_from_its_start(look, served):
    page = new_job(look, served)
    playhead = page.get_by_role("slider", name="Place in the video")
    for _ in range(2):
        page.get_by_role("button", name="talk.mp4").last.click()
        expect(playhead).to_have_attribute("aria-valuenow", "0")
        page.keyboard.press("ArrowRight")
        expect(playhead).to_have_attribute("aria-valuenow", "1")
        page.get_by_role("button", name="Choose another").click()


def box_of(crop: Locator) -> dict[str, float]:
    box = crop.bounding_box()
    assert box is not None
    return {"x": box["x"], "y": box["y"], "width": box["width"], "height": box["height"]}


def drag(page: Page, crop: Locator, *, by: float) -> None:
    crop.scroll_into_view_if_needed()
    box = box_of(crop)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by / 2, y, steps=3)
    page.mouse.move(x + by, y, steps=3)
    page.mouse.up()


def test_the_audio_track_to_hear_is_chosen_by_name_and_level(look, served, ffmpeg, tmp_path):
    recording = tmp_path / "recording.mp4"
    inputs = ("testsrc2=s=320x180:r=25:d=4", "anullsrc=r=48000", _VOICE, "sine=f=300:r=48000")
    named = ("title=Desktop", "title=Mic", "title=Music")
    command = [ffmpeg, "-v", "error"]
    for made in inputs:
        command += ["-f", "lavfi", "-i", made]
    for place, name in enumerate(named):
        command += [f"-metadata:s:a:{place}", name]
    maps = [part for place in range(4) for part in ("-map", str(place))]
    encode = ("-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-t", "4")
    subprocess.run([*command, *maps, *encode, recording], check=True)
    page = new_job(look, served)

    page.get_by_label("Drop a video here").set_input_files(recording)
    tracks = page.get_by_role("group", name="Audio tracks")
    expect(tracks.get_by_role("radio", name=re.compile("^What belongs together"))).to_be_checked()
    expect(tracks.get_by_text("tracks 1, 2 and 3, mixed")).to_be_visible()
    expect(tracks.get_by_role("meter")).to_have_count(3)
    expect(tracks.get_by_role("meter", name="Level of track 1")).to_have_attribute(
        "aria-valuetext", "silent"
    )
    tracks.get_by_role("radio", name=re.compile("Mic")).check()
    page.get_by_role("button", name="Add a row").click()
    page.get_by_label("Start of scene 1").fill("0")
    page.get_by_label("End of scene 1").fill("3.5")
    choose(page, "original")
    look.keep(page, "tracks")
    with page.expect_request("**/api/jobs") as sent:
        make(page)

    assert json.loads(sent.value.post_data or "{}")["audio_track"] == "2"


_VOICE = "aevalsrc='0.2*max(sin(2*PI*4*t),0)*lt(mod(t,2),1.5)*(random(0)-0.5)':s=48000"


def test_an_upload_is_deleted_once_the_question_is_answered(look, served, talk, tmp_path):
    page = new_job(look, served)
    page.get_by_label("Drop a video here").set_input_files(shutil.copy(talk, tmp_path / "mine.mp4"))
    expect(page.get_by_role("slider", name="Place in the video")).to_be_visible()
    page.reload()
    own = page.get_by_role("listitem").filter(has_text="mine.mp4")
    own.get_by_role("button", name="Delete").click()
    look.keep(page, "delete-asked")
    own.get_by_role("button", name="Keep").click()
    expect(own).to_be_visible()
    own.get_by_role("button", name="Delete").click()
    own.get_by_role("button", name="Delete").click()
    expect(own).to_have_count(0)
    page.reload()

    expect(page.get_by_role("heading", name="On the server")).to_be_visible()
    expect(page.get_by_text("mine.mp4")).to_have_count(0)
