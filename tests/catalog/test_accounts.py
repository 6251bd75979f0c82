"""What every home of tokens promises."""

from collections.abc import AsyncIterator

import pytest

from viralclip.catalog.accounts import Accounts, TokenNameTakenError, open_accounts


@pytest.fixture
async def accounts(url: str) -> AsyncIterator[Accounts]:
    async with open_accounts(url) as opened:
        yield opened


async def test_a_token_stands_for_the_user_it_was_made_for(accounts: Accounts):
    ann, ben = await accounts.create("ann"), await accounts.create("ben@example.com")

    assert await accounts.owner_of(ann) == "ann"
    assert await accounts.owner_of(ben) == "ben@example.com"
    assert await accounts.owner_of("vc_made-up") is None


async def test_a_name_has_one_token(accounts: Accounts):
    token = await accounts.create("ann")
    with pytest.raises(TokenNameTakenError):
        await accounts.create("ann")

    assert await accounts.owner_of(token) == "ann"


async def test_a_revoked_token_is_a_strangers(accounts: Accounts):
    token = await accounts.create("ann")
    revoked, again = await accounts.revoke("ann"), await accounts.revoke("ann")

    assert (revoked, again) == (True, False)
    assert await accounts.owner_of(token) is None


async def test_those_who_have_a_token_are_listed_by_name(accounts: Accounts):
    for name in ("ben", "ann"):
        await accounts.create(name)

    assert [account.name for account in await accounts.all()] == ["ann", "ben"]
