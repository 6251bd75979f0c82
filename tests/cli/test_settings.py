"""Settings come from the environment, once; a wrong one is named."""

from pathlib import Path

import pytest

from viralclip.settings import DEFAULT_SLOTS, InvalidSettingError, read_settings


def test_without_settings_there_are_defaults():
    settings = read_settings({})

    assert settings.rendering.slots == DEFAULT_SLOTS
    assert settings.state.folder.is_absolute()
    assert settings.state.folder.name == "viralclip"
    assert settings.rendering.ffmpeg is None
    assert settings.rendering.encoder == "x264"
    assert settings.telemetry.log_format == "json"


def test_the_environment_sets_everything(tmp_path):
    settings = read_settings(
        {
            "VIRALCLIP_STATE_DIR": str(tmp_path),
            "VIRALCLIP_FFMPEG_SLOTS": "3",
            "VIRALCLIP_FFMPEG": "ffmpeg-9",
            "VIRALCLIP_ENCODER": "auto",
            "VIRALCLIP_LOG_FORMAT": "console",
        }
    )

    assert (settings.state.folder, settings.rendering.slots) == (tmp_path, 3)
    assert (settings.rendering.ffmpeg, settings.rendering.encoder) == ("ffmpeg-9", "auto")
    assert settings.telemetry.log_format == "console"


def test_a_flag_wins_over_the_environment():
    assert read_settings({"VIRALCLIP_FFMPEG_SLOTS": "3"}, slots=7).rendering.slots == 7


@pytest.mark.parametrize("value", ["0", "-1", "many", "1.5", "²"])
def test_slots_that_are_no_number_from_1_are_refused(value):
    with pytest.raises(InvalidSettingError) as refusal:
        read_settings({"VIRALCLIP_FFMPEG_SLOTS": value})

    assert refusal.value.message == (
        f"The setting VIRALCLIP_FFMPEG_SLOTS has the value {value},"
        " but needs a whole number from 1."
    )


def test_a_log_format_that_is_none_is_refused():
    with pytest.raises(InvalidSettingError, match="VIRALCLIP_LOG_FORMAT has the value xml"):
        read_settings({"VIRALCLIP_LOG_FORMAT": "xml"})
    with pytest.raises(InvalidSettingError, match="VIRALCLIP_LOG_LEVEL has the value loud"):
        read_settings({"VIRALCLIP_LOG_LEVEL": "loud"})


def test_the_home_folder_is_found_in_a_state_folder():
    assert read_settings({"VIRALCLIP_STATE_DIR": "~/clips"}).state.folder == Path.home() / "clips"


def test_each_job_of_a_terminal_has_an_engine_of_its_own(tmp_path):
    settings = read_settings({"VIRALCLIP_STATE_DIR": str(tmp_path)})

    assert settings.databases.engine_url("a") != settings.databases.engine_url("b")
    assert settings.databases.engine_url("a").startswith(f"sqlite:///{tmp_path}/engines/")


def test_without_servers_everything_is_kept_on_this_machine(tmp_path):
    settings = read_settings(
        {
            "VIRALCLIP_STATE_DIR": str(tmp_path),
            "VIRALCLIP_DATABASE": "sqlite",
            "VIRALCLIP_CHANNEL": "embedded",
        }
    )

    assert settings.databases.catalog_url == f"sqlite:///{tmp_path}/catalog.db"
    assert settings.databases.service_engine_url == f"sqlite:///{tmp_path}/engine.db"
    assert settings.databases.service_engine_name == settings.databases.service_engine_url
    assert settings.databases.channel_url == f"sqlite:///{tmp_path}/events.db"


def test_progress_can_stay_in_the_memory_of_one_process():
    settings = read_settings({"VIRALCLIP_CHANNEL": "memory://"})

    assert settings.databases.channel_url == "memory://"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_a_fleet_shares_a_database_and_a_channel(scheme):
    settings = read_settings(
        {
            "VIRALCLIP_DATABASE": f"{scheme}://ann:secret@db/clips",
            "VIRALCLIP_CHANNEL": "redis://cache:6379/0",
        }
    )

    assert settings.databases.catalog_url == "postgresql://ann:secret@db/clips"
    assert settings.databases.service_engine_url == settings.databases.catalog_url
    assert "secret" not in settings.databases.service_engine_name
    assert settings.databases.channel_url == "redis://cache:6379/0"


@pytest.mark.parametrize("name", ["VIRALCLIP_DATABASE", "VIRALCLIP_CHANNEL"])
@pytest.mark.parametrize("value", ["mysql://ann:secret@db/clips", "postgresql://", "redis:", "?"])
def test_a_place_that_cannot_be_used_is_refused_without_its_password(name, value):
    with pytest.raises(InvalidSettingError) as refusal:
        read_settings({name: value})

    assert name in refusal.value.message
    assert "secret" not in refusal.value.message


def test_an_object_store_is_told_by_its_address():
    settings = read_settings(
        {
            "VIRALCLIP_STORAGE": "s3://bucket/prefix",
            "VIRALCLIP_STORAGE_PUBLIC": "https://media.example.com/",
            "VIRALCLIP_STORAGE_TIMEOUT": "3",
            "VIRALCLIP_SOURCE_CACHE": "2GiB",
        }
    )

    assert settings.storage.url == "s3://bucket/prefix"
    assert settings.storage.public == "https://media.example.com"
    assert settings.storage.timeout_s == 3
    assert settings.storage.source_cache_bytes == 2 * 1024**3


@pytest.mark.parametrize(
    "value", ["s3://key:hidden@bucket/prefix", "s3://", "bucket", "ftp://bucket/x", "/srv/clips"]
)
def test_a_storage_that_is_none_or_holds_credentials_is_refused_and_those_are_not_repeated(value):
    with pytest.raises(InvalidSettingError, match="VIRALCLIP_STORAGE") as refusal:
        read_settings({"VIRALCLIP_STORAGE": value})

    assert "hidden" not in refusal.value.message


@pytest.mark.parametrize("value", ["media.example.com", "s3://bucket", "https://me:hidden@host"])
def test_a_public_endpoint_is_an_address_of_the_web(value):
    with pytest.raises(InvalidSettingError, match="VIRALCLIP_STORAGE_PUBLIC") as refusal:
        read_settings({"VIRALCLIP_STORAGE_PUBLIC": value})

    assert "hidden" not in refusal.value.message


def test_a_public_endpoint_and_one_for_s3_alone_do_not_go_together():
    env = {"VIRALCLIP_STORAGE_PUBLIC": "https://a.example", "AWS_ENDPOINT_URL_S3": "http://b:9000"}

    with pytest.raises(InvalidSettingError, match="AWS_ENDPOINT_URL"):
        read_settings(env)


@pytest.mark.parametrize(
    ("value", "size"),
    [("1", 1), ("3KiB", 3072), ("500MiB", 500 * 1024**2), ("1TiB", 1024**4)],
)
def test_a_size_has_a_unit_or_is_in_bytes(value, size):
    assert read_settings({"VIRALCLIP_SOURCE_CACHE": value}).storage.source_cache_bytes == size


@pytest.mark.parametrize("value", ["0", "20GB", "many", "-1GiB", "1.5GiB", "²GiB"])
def test_a_size_that_is_none_is_refused(value):
    with pytest.raises(InvalidSettingError, match="VIRALCLIP_SOURCE_CACHE"):
        read_settings({"VIRALCLIP_SOURCE_CACHE": value})


@pytest.mark.parametrize("value", ["firestore://my-project", "firestore://my-project/clips"])
def test_records_may_be_kept_in_firestore(value):
    assert read_settings({"VIRALCLIP_CATALOG": value}).databases.catalog_url == value


@pytest.mark.parametrize("value", ["firestore://", "firestore://a/b/c", "mysql://x", "Project"])
def test_a_catalog_that_is_none_is_refused(value):
    with pytest.raises(InvalidSettingError, match="VIRALCLIP_CATALOG"):
        read_settings({"VIRALCLIP_CATALOG": value})


def test_a_log_level_on_the_command_line_wins():
    assert read_settings({}).telemetry.log_level == "info"
    assert read_settings({"VIRALCLIP_LOG_LEVEL": "ERROR"}).telemetry.log_level == "error"
    assert (
        read_settings({"VIRALCLIP_LOG_LEVEL": "error"}, log_level="debug").telemetry.log_level
        == "debug"
    )


@pytest.mark.parametrize(
    ("env", "traced"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c:4318"}, True),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c:4318/v1/traces"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://c:4318"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "TRUE"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_SDK_DISABLED": "no"}, True),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "none"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://c", "OTEL_TRACES_EXPORTER": "otlp"}, True),
    ],
)
def test_traces_are_sent_where_the_standard_variables_ask_for_it(env, traced):
    assert read_settings(env).telemetry.traced is traced


def test_a_key_for_a_collector_is_a_secret_wherever_it_stands():
    settings = read_settings(
        {
            "OTEL_EXPORTER_OTLP_HEADERS": "authorization=Bearer%20first-key, x-team=second-key",
            "OTEL_EXPORTER_OTLP_TRACES_HEADERS": "api-key=third%2Fkey",
            "OTEL_EXPORTER_OTLP_ENDPOINT": "http://me:fourth-key@c:4318",
        }
    )

    assert {"first-key", "second-key", "third/key", "fourth-key"} <= settings.secrets
    assert "first-key" not in repr(settings)
