"""Origins are compared as browsers compare them, not as texts."""

import pytest

from viralclip.origins import Host, Origin, Site, is_same, parse_host, parse_origin, parse_site

NAME = "clips.example.com"


@pytest.mark.parametrize(
    ("text", "name", "port"),
    [
        (NAME, NAME, None),
        ("CLIPS.example.COM:443", NAME, 443),
        (f"{NAME}.", NAME, None),
        (f"{NAME}.:8080", NAME, 8080),
        ("127.0.0.1:8765", "127.0.0.1", 8765),
        ("[::1]:80", "::1", 80),
        ("[FE80::1]", "fe80::1", None),
        ("a_b", "a_b", None),
    ],
)
def test_a_host_is_its_name_in_lower_case_and_its_port(text, name, port):
    assert parse_host(text) == Host(name, port)


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", ":80", "user@a", "a@b", "a b", "a/b", "a?b", "a#b", "a\\b", "a:b", "a:", "é"),
        *("a:0", "a:65536", "a:999999", "a:-1", "a:٣", "[", "[]", "[::1", "::1", "[x]", "a:80:80"),
        "a" * 300,
    ],
)
def test_what_is_no_host_is_none(text):
    assert parse_host(text) is None
    assert parse_origin(f"http://{text}") is None


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        (f"https://{NAME}", Origin("https", NAME, 443)),
        (f"HTTPS://{NAME}:443", Origin("https", NAME, 443)),
        (f"http://{NAME}", Origin("http", NAME, 80)),
        (f"http://{NAME}:8080", Origin("http", NAME, 8080)),
        ("http://[::1]:8765", Origin("http", "::1", 8765)),
        ("null", None),
        ("", None),
        ("://", None),
        (NAME, None),
        (f"ftp://{NAME}", None),
        (f"https://{NAME}/", None),
    ],
)
def test_an_origin_has_its_schemes_port(text, origin):
    assert parse_origin(text) == origin


@pytest.mark.parametrize(
    ("host", "origin", "same"),
    [
        (NAME, f"https://{NAME}", True),
        (NAME, f"http://{NAME}", True),
        (f"{NAME}:443", f"https://{NAME}", True),
        (f"{NAME}:80", f"http://{NAME}", True),
        (NAME, f"https://{NAME}:443", True),
        (NAME.upper(), f"https://{NAME}", True),
        (f"{NAME}.", f"https://{NAME}.", True),
        ("[::1]:80", "http://[::1]", True),
        (f"{NAME}:443", f"https://{NAME}:8443", False),
        (f"{NAME}:443", f"http://{NAME}", False),
        (f"{NAME}:8443", f"https://{NAME}", False),
        (NAME, f"https://{NAME}.evil.example", False),
        (NAME, "https://evil.example", False),
        ("127.0.0.1:8765", "http://localhost:8765", False),
    ],
)
def test_a_page_asks_its_own_host_whatever_way_both_are_written(host, origin, same):
    asked, page = parse_host(host), parse_origin(origin)
    assert asked
    assert page

    assert is_same(page, asked, secure=False) is same


def test_a_page_that_was_read_in_the_open_is_another_than_one_over_tls():
    host = Host(NAME)

    assert is_same(Origin("https", NAME, 443), host, secure=True)
    assert not is_same(Origin("http", NAME, 80), host, secure=True)


@pytest.mark.parametrize(
    ("text", "site"),
    [
        (NAME, Site(NAME)),
        ("Clips.Example.Com.", Site(NAME)),
        (f"{NAME}:8443", Site(NAME, 8443)),
        (f"https://{NAME}/", Site(NAME, None, "https")),
        (f"HTTP://{NAME}:8080", Site(NAME, 8080, "http")),
        ("bücher.example", Site("xn--bcher-kva.example")),
        ("192.168.1.9", Site("192.168.1.9")),
        *((text, None) for text in ("*", "*.example.com", "ftp://a", "://a", "a/b", "a..b", "a@b")),
    ],
)
def test_a_site_is_a_name_with_or_without_scheme_and_port(text, site):
    assert parse_site(text) == site


@pytest.mark.parametrize(
    ("site", "own", "foreign"),
    [
        (NAME, [f"https://{NAME}", f"http://{NAME}"], [f"https://{NAME}:8443", "https://a.b"]),
        (f"{NAME}:8443", [f"https://{NAME}:8443"], [f"https://{NAME}"]),
        (f"https://{NAME}", [f"https://{NAME}"], [f"http://{NAME}", f"https://{NAME}:8443"]),
    ],
)
def test_the_pages_of_a_site(site, own, foreign):
    named = parse_site(site)
    assert named

    def is_own(text: str) -> bool:
        origin = parse_origin(text)
        return origin is not None and named.is_origin(origin)

    assert all(map(is_own, own))
    assert not any(map(is_own, foreign))
