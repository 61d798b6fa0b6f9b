"""Troubles of access keys: inactive or deleted by hand, of another user, and IAM's own errors."""

from __future__ import annotations

import pytest
from botocore.exceptions import EndpointConnectionError

from rotation.errors import LoginRefusedError, RotationError, ServerBusyError, ServerUnreachableError
from tests.lambdas.iam_bench import IamBench


@pytest.fixture(params=["iam-access-key", "ses-smtp"])
def bench(request: pytest.FixtureRequest) -> IamBench:
    return IamBench(request.param)


def test_an_inactive_key_is_healed_and_a_deleted_one_is_not(bench: IamBench) -> None:
    name = bench.rotated()
    key = bench.keys(name)[bench.id(name)]
    key.active = False
    with pytest.raises(RotationError, match=rf"{key.id}.*AWSCURRENT's, is inactive; heal the secret"):
        bench.retire(name)
    bench.step(name, "", "healSecret")
    assert bench.works(bench.value(name))
    bench.step(name, "", "healSecret")
    del bench.keys(name)[key.id]
    with pytest.raises(RotationError, match=f"no access key '{key.id}', and it cannot come back; rotate the secret"):
        bench.step(name, "", "healSecret")


def test_a_deleted_current_key_is_replaced_and_the_old_one_stays_until_the_new_one_is_there(bench: IamBench) -> None:
    name = bench.rotated()
    previous = bench.value(name, "AWSPREVIOUS")
    del bench.keys(name)[bench.id(name)]
    bench.rotate(name)
    assert bench.works(previous)
    assert bench.works(bench.value(name))
    bench.pass_overlap()
    assert bench.retire(name)["outcome"] == "retired"
    assert not bench.works(previous)


def test_a_user_that_does_not_exist_is_named(bench: IamBench) -> None:
    name = bench.marked()
    user = bench.value(name)["user_name"]
    del bench.iam.users[user]
    with pytest.raises(RotationError, match=f"user '{user}' .NoSuchEntity.: no such user or key; correct `user_name`"):
        bench.rotate(name)


def test_a_key_of_another_user_does_not_pass_the_test(bench: IamBench) -> None:
    one, other = bench.rotated(), bench.rotated()
    document = {**bench.value(one), "user_name": bench.value(other)["user_name"]}
    with pytest.raises(LoginRefusedError, match="is not one of IAM user"):
        bench.rotator._targets[bench.kind].verify(document)


@pytest.mark.parametrize(
    ("trouble", "error", "text"),
    [
        ("Throttling", ServerBusyError, "no room for ListAccessKeys.*Throttling.*try again later"),
        (
            EndpointConnectionError(endpoint_url="canary"),
            ServerUnreachableError,
            "got no answer .EndpointConn.*network",
        ),
        (
            "AccessDenied",
            RotationError,
            "refused ListAccessKeys of IAM user .*AccessDenied.: check the function's role",
        ),
    ],
)
def test_each_trouble_of_iam_is_an_error_of_its_own_without_awss_text(
    bench: IamBench, trouble: str | Exception, error: type[RotationError], text: str
) -> None:
    name = bench.rotated()
    bench.iam.refusals["ListAccessKeys"] = [trouble]
    with pytest.raises(error, match=text) as caught:
        bench.rotate(name)
    assert "canary" not in str(caught.value)


def test_no_secret_half_shows_in_a_made_key_or_an_error(bench: IamBench) -> None:
    name = bench.rotated()
    with pytest.raises(LoginRefusedError) as caught:
        bench.rotator._targets[bench.kind].verify({**bench.value(name), bench.key_field: "AKIAGONE"})
    secrets = [key.secret for key in bench.keys(name).values()]
    assert not any(secret in str(caught.value) + repr(caught.value.__context__) for secret in secrets)
