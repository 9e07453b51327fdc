"""How a run talks to its gateway: paths, declared headers, and the rate."""

from tests.end_to_end.kit import ONE


def test_calls_are_made_beneath_the_path_of_the_url(kit, gateway):
    server = gateway()

    run = kit.run(f"{server.url}/a%20b/~x;v=1/", *ONE)

    assert run.status == 0, run.output
    assert run.findings == []
    assert run.requirement("GET-ROUND-TRIP")["status"] == "passed"
    operations = ("signup", "get", "info/update", "documents/add")
    assert {seen.target for seen in server.seen} == {f"/a%20b/~x;v=1/Provider/{name}" for name in operations}


def test_declared_headers_are_sent_with_every_request(kit, gateway):
    server = gateway()
    option = kit.configure("headers: {X-Api-Key: k-12345, X-From-Environment: 'env:KEY_OF_MINE'}")

    kit.run(server.url, option, "-k", "test_plain_get or test_unreadable_body", KEY_OF_MINE="s-67890")

    assert len(server.seen) > 10
    assert {seen.headers.get("x-api-key") for seen in server.seen} == {"k-12345"}
    assert {seen.headers.get("x-from-environment") for seen in server.seen} == {"s-67890"}


def test_a_declared_rate_is_obeyed(kit, gateway):
    server = gateway()

    kit.run(server.url, "--gateway-rate=20", "-k", "test_plain_get or test_like_providers_are_told_apart")

    moments = [seen.moment for seen in server.seen]
    assert len(moments) >= 12
    # What is in flight may arrive closer together than it was sent, but never sooner on the whole.
    assert moments[-1] - moments[0] >= (len(moments) - 1) / 20 * 0.8
