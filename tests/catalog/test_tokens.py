"""What every home of tokens promises."""

from collections.abc import AsyncIterator

import pytest

from viralclip.catalog.opening import open_catalog
from viralclip.catalog.tokens import TokenNameTakenError, TokenTable


@pytest.fixture
async def tokens(url: str) -> AsyncIterator[TokenTable]:
    async with open_catalog(url) as catalog:
        yield catalog.tokens


async def test_a_token_stands_for_the_user_it_was_made_for(tokens: TokenTable):
    ann, ben = await tokens.create("ann"), await tokens.create("ben@example.com")

    assert await tokens.owner_of(ann) == "ann"
    assert await tokens.owner_of(ben) == "ben@example.com"
    assert await tokens.owner_of("vc_made-up") is None


async def test_a_name_has_one_token(tokens: TokenTable):
    token = await tokens.create("ann")
    with pytest.raises(TokenNameTakenError):
        await tokens.create("ann")

    assert await tokens.owner_of(token) == "ann"


async def test_a_revoked_token_is_a_strangers(tokens: TokenTable):
    token = await tokens.create("ann")
    revoked, again = await tokens.revoke("ann"), await tokens.revoke("ann")

    assert (revoked, again) == (True, False)
    assert await tokens.owner_of(token) is None


async def test_those_who_have_a_token_are_listed_by_name(tokens: TokenTable):
    for name in ("ben", "ann"):
        await tokens.create(name)

    assert [account.name for account in await tokens.all()] == ["ann", "ben"]
