"""What is refused, row by row, with which status, and that the connection ends.

Behind each refused request a valid one is sent at once: it must never be answered ("bytes after an
error are never parsed as a request"), and nothing may reach the provider.
"""
import pytest
from conftest import KEYS, provider
from testenv import Gateway, Upstream
from testenv.client import Closed, request_bytes

BODY = b'{"model":"m","messages":[{"role":"user","content":"hi"}]}'
SIZE = len(BODY)
PATH = "/v1/chat/completions"
NEXT = b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n"
CHUNKS = b"%x\r\n%s\r\n0\r\n\r\n" % (SIZE, BODY)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    upstream = Upstream()
    config = {"providers": {"p1": provider(upstream)},
              "routes": [{"model": "m", "tiers": [[{"provider": "p1", "model": "up-model"}]]}]}
    with Gateway(tmp_path_factory.mktemp("security"), config, env=KEYS) as gateway:
        yield gateway, upstream
    upstream.stop()


def post(*lines, body=BODY, length=True, path=PATH, version="HTTP/1.1", host="Host: localhost"):
    """A POST whose header lines are given as they go out, Host and Content-Type apart."""
    head = ["POST %s %s" % (path, version)]
    head += [host] if host is not None else []
    head.append("Content-Type: application/json")
    if length:
        head.append("Content-Length: %d" % len(body))
    head += lines
    encoded = b"\r\n".join(line if isinstance(line, bytes) else line.encode("latin-1")
                           for line in head)
    return encoded + b"\r\n\r\n" + body


def chunked(body, *lines):
    return post("Transfer-Encoding: chunked", *lines, body=body, length=False)


def line(text):
    """A GET with one odd line in its head."""
    text = text.encode("latin-1") if isinstance(text, str) else text
    return b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n" + text + b"\r\n\r\n"


def first(text):
    """A GET whose request line is given."""
    text = text.encode("latin-1") if isinstance(text, str) else text
    return text + b"\r\nHost: localhost\r\n\r\n"


REFUSED = {
    # Content-Length and Transfer-Encoding together
    "cl_then_te": (post("Transfer-Encoding: chunked", body=CHUNKS), {400}),
    "te_then_cl": (post("Transfer-Encoding: chunked", "Content-Length: 5", body=CHUNKS, length=False), {400}),
    "cl_zero_and_te": (post("Content-Length: 0", "Transfer-Encoding: chunked", body=CHUNKS, length=False), {400}),
    "cl_and_te_identity": (post("Transfer-Encoding: identity"), {400}),
    "cl_and_te_empty": (post("Transfer-Encoding:"), {400}),
    # Transfer-Encoding other than one header equal to chunked
    "te_list": (post("Transfer-Encoding: gzip, chunked", body=CHUNKS, length=False), {400}),
    "te_identity": (post("Transfer-Encoding: identity", length=False), {400}),
    "te_chunked_twice_in_list": (post("Transfer-Encoding: chunked, chunked", body=CHUNKS, length=False), {400}),
    "te_leading_comma": (post("Transfer-Encoding: , chunked", body=CHUNKS, length=False), {400}),
    "te_trailing_comma": (post("Transfer-Encoding: chunked,", body=CHUNKS, length=False), {400}),
    "te_empty": (post("Transfer-Encoding:", body=CHUNKS, length=False), {400}),
    "te_parameter": (post("Transfer-Encoding: chunked;q=1", body=CHUNKS, length=False), {400}),
    "te_duplicate": (post("Transfer-Encoding: chunked", "Transfer-Encoding: chunked", body=CHUNKS, length=False), {400}),
    "te_identity_and_chunked_lines": (post("Transfer-Encoding: identity", "Transfer-Encoding: chunked", body=CHUNKS, length=False), {400}),
    "te_unknown": (post("Transfer-Encoding: xchunked", body=CHUNKS, length=False), {400}),
    "te_quoted": (post('Transfer-Encoding: "chunked"', body=CHUNKS, length=False), {400}),
    "te_in_http10": (post("Transfer-Encoding: chunked", body=CHUNKS, length=False, version="HTTP/1.0"), {400}),
    # Content-Length
    "cl_repeated_equal": (post("Content-Length: %d" % SIZE), {400}),
    "cl_repeated_differing": (post("Content-Length: 3"), {400}),
    "cl_list": (post("Content-Length: %d, %d" % (SIZE, SIZE), length=False), {400}),
    "cl_plus": (post("Content-Length: +%d" % SIZE, length=False), {400}),
    "cl_minus": (post("Content-Length: -1", length=False), {400}),
    "cl_space_inside": (post("Content-Length: 5 7", length=False), {400}),
    "cl_hex": (post("Content-Length: 0x39", length=False), {400}),
    "cl_empty": (post("Content-Length:", length=False), {400}),
    "cl_over_63_bits": (post("Content-Length: 9223372036854775808", length=False), {400}),
    "cl_over_64_bits": (post("Content-Length: 18446744073709551673", length=False), {400}),
    "cl_underscore": (post("Content-Length: 5_7", length=False), {400}),
    "cl_over_body_limit": (post("Content-Length: 33554433", length=False), {413}),
    # chunk sizes
    "chunk_plus": (chunked(b"+39\r\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_minus": (chunked(b"-39\r\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_0x": (chunked(b"0x39\r\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_underscore": (chunked(b"3_9\r\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_leading_space": (chunked(b" 39\r\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_trailing_space": (chunked(b"39 \r\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_trailing_tab": (chunked(b"39\t\r\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_empty_size": (chunked(b"\r\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_17_digits": (chunked(b"00000000000000039\r\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_overflow": (chunked(b"10000000000000039\r\n" + BODY + b"\r\n0\r\n\r\n"), {400, 413}),
    "chunk_over_body_limit": (chunked(b"ffffffffffffffff\r\n" + BODY), {400, 413}),
    "chunk_not_hex": (chunked(b"zz\r\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    # chunk ends
    "chunk_size_bare_lf": (chunked(b"39\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_size_bare_cr": (chunked(b"39\r" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_data_bare_lf": (chunked(b"39\r\n" + BODY + b"\n0\r\n\r\n"), {400}),
    "chunk_data_two_bytes": (chunked(b"39\r\n" + BODY + b"XX0\r\n\r\n"), {400}),
    "chunk_data_longer": (chunked(b"38\r\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_last_bare_lf": (chunked(b"39\r\n" + BODY + b"\r\n0\n\n"), {400}),
    "chunk_end_bare_lf": (chunked(b"39\r\n" + BODY + b"\r\n0\r\n\n"), {400}),
    "chunk_extension_bare_lf": (chunked(b"39;a\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_extension_bare_cr": (chunked(b"39;a\rb\r\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_extension_nul": (chunked(b"39;a\x00\r\n" + BODY + b"\r\n0\r\n\r\n"), {400}),
    "chunk_extensions_over_4k": (chunked(b"39;" + b"e" * 5000 + b"\r\n" + BODY + b"\r\n0\r\n\r\n"), {400, 413, 431}),
    "chunk_extensions_over_4k_in_total": (chunked(
        b"".join(b"1;" + b"e" * 1000 + b"\r\n" + BODY[i:i + 1] + b"\r\n" for i in range(SIZE))
        + b"0\r\n\r\n"), {400, 413, 431}),
    "trailers_over_4k": (chunked(CHUNKS[:-2] + b"".join(b"T%d: %s\r\n" % (i, b"t" * 1000) for i in range(6)) + b"\r\n"), {400, 431}),
    "trailer_bare_lf": (chunked(CHUNKS[:-2] + b"A: b\n\r\n"), {400}),
    "trailer_no_colon": (chunked(CHUNKS[:-2] + b"nonsense\r\n\r\n"), {400}),
    # line ends and header lines
    "head_bare_lf": (b"GET /v1/models HTTP/1.1\nHost: localhost\n\n", {400}),
    "head_one_bare_lf": (line(b"A: b\nC: d"), {400}),
    "head_bare_cr": (line(b"A: b\rC: d"), {400}),
    "head_end_bare_lf": (b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\n", {400}),
    "obs_fold": (line("A: b\r\n c"), {400}),
    "obs_fold_tab": (line("A: b\r\n\tc"), {400}),
    "space_before_colon": (line("A : b"), {400}),
    "tab_before_colon": (line("A\t: b"), {400}),
    "leading_space_line": (b"GET /v1/models HTTP/1.1\r\n Host: localhost\r\n\r\n", {400}),
    "no_colon": (line("nonsense"), {400}),
    "empty_name": (line(": b"), {400}),
    # bytes in names and values
    "name_with_space": (line("A B: c"), {400}),
    "name_with_paren": (line("A(B): c"), {400}),
    "name_with_8bit": (line("A\xe9: c"), {400}),
    "name_with_nul": (line(b"A\x00: c"), {400}),
    "value_with_nul": (line(b"A: b\x00c"), {400}),
    "value_with_ctl": (line(b"A: b\x01c"), {400}),
    "value_with_escape": (line(b"A: \x1b[31m"), {400}),
    "value_with_del": (line(b"A: b\x7fc"), {400}),
    # Host
    "host_missing": (post(host=None), {400}),
    "host_empty": (post(host="Host:"), {400}),
    "host_repeated": (post("Host: localhost"), {400}),
    "host_userinfo": (post(host="Host: user@localhost"), {400}),
    "host_path": (post(host="Host: localhost/x"), {400}),
    "host_comma": (post(host="Host: localhost,localhost"), {400}),
    "host_port_over_65535": (post(host="Host: localhost:65536"), {400}),
    "host_port_not_a_number": (post(host="Host: localhost:x"), {400}),
    "host_space": (post(host="Host: local host"), {400}),
    # version
    "version_2": (first("GET /v1/models HTTP/2.0"), {400, 505}),
    "version_12": (first("GET /v1/models HTTP/1.2"), {400, 505}),
    "version_09_named": (first("GET /v1/models HTTP/0.9"), {400, 505}),
    "version_missing": (b"GET /v1/models\r\n\r\n", {400, 505}),
    "version_lower_case": (first("GET /v1/models http/1.1"), {400, 505}),
    "version_two_digits": (first("GET /v1/models HTTP/1.10"), {400, 505}),
    "preface_http2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400, 405, 505}),
    "rtsp": (first("GET /v1/models RTSP/1.0"), {400, 505}),
    "ice": (first("SOURCE /v1/models ICE/1.0"), {400, 405, 505}),
    "tls_hello": (b"\x16\x03\x01\x00\xf8\x01\x00\x00\xf4\x03\x03\r\n\r\n", {400}),
    # target
    "target_star_get": (first("GET * HTTP/1.1"), {400}),
    "target_bare_word": (first("GET v1/models HTTP/1.1"), {400}),
    "target_ftp": (first("GET ftp://localhost/v1/models HTTP/1.1"), {400}),
    "target_authority": (first("GET localhost:80 HTTP/1.1"), {400}),
    "target_fragment": (first("GET /v1/models#x HTTP/1.1"), {400}),
    "target_two_spaces": (first("GET  /v1/models HTTP/1.1"), {400}),
    "target_space_behind": (first("GET /v1/models  HTTP/1.1"), {400}),
    "target_8bit": (first("GET /v1/mod\xe9ls HTTP/1.1"), {400}),
    "target_ctl": (first(b"GET /v1/mod\x01els HTTP/1.1"), {400}),
    "target_tab": (first(b"GET /v1/models\tHTTP/1.1"), {400}),
    "target_absolute_userinfo": (first("GET http://u@localhost/v1/models HTTP/1.1"), {400}),
    "target_over_8k": (first("GET /v1/models?" + "x" * 8200 + " HTTP/1.1"), {414}),
    # methods that end the connection
    "connect": (b"CONNECT localhost:443 HTTP/1.1\r\nHost: localhost:443\r\n\r\n", {400, 405}),
    "unknown_method": (first("FROB /v1/models HTTP/1.1"), {405}),
    "lower_case_method": (first("get /v1/models HTTP/1.1"), {400, 405}),
    "expect_other": (post("Expect: 200-ok"), {417}),
    # sizes
    "header_line_over_8k": (line("A: " + "b" * 8300), {431}),
    "header_section_over_32k": (line("\r\n".join("A%d: %s" % (i, "b" * 4000) for i in range(9))), {431}),
    "headers_over_100": (line("\r\n".join("A%d: b" % i for i in range(101))), {431}),
}


def answers(data):
    return data.count(b"HTTP/1.1 ") + data.count(b"HTTP/1.0 ")


@pytest.mark.parametrize("name", REFUSED)
def test_refused_and_closed(world, name):
    gateway, upstream = world
    data, statuses = REFUSED[name]
    before = len(upstream.requests)
    with gateway.connect() as connection:
        connection.send(data)
        connection.try_send(NEXT)
        response = connection.response()
        assert response.status in statuses, response
        assert (response.header("connection") or "").lower() == "close"
        if response.status == 405:
            assert response.header("allow") and response.body == b""
        else:
            assert response.error["message"]
        rest = connection.drained()
        assert answers(rest) == 0, rest
    assert len(upstream.requests) == before
    assert gateway.ops("/livez").status == 200


@pytest.mark.parametrize("name", ["cl_then_te", "te_list", "chunk_plus", "obs_fold", "host_missing",
                                  "target_8bit", "cl_repeated_equal", "chunk_data_two_bytes"])
def test_refused_also_byte_by_byte(world, name):
    gateway, _ = world
    data, statuses = REFUSED[name]
    with gateway.connect() as connection:
        for i in range(len(data)):
            if not connection.try_send(data[i:i + 1]):
                break
        assert connection.response().status in statuses


def test_the_valid_forms_are_served(world):
    """The rows above would prove nothing if these failed too."""
    gateway, _ = world
    for data in (post(), chunked(CHUNKS), chunked(b"0039;a=b\r\n" + BODY + b"\r\n000\r\n\r\n"),
                 post("A: b\tc", "B:", "C: \xe9"), post(host="Host: LOCALHOST"),
                 post("Transfer-Encoding: Chunked", body=CHUNKS, length=False),
                 post(host="Host: localhost:%d" % gateway.port),
                 post(path="http://localhost/v1/chat/completions")):
        with gateway.connect() as connection:
            connection.send(data)
            response = connection.response()
            assert response.status == 200, (data, response)


def test_trailers_are_dropped(world):
    gateway, upstream = world
    with gateway.connect() as connection:
        connection.send(chunked(CHUNKS[:-2] + b"X-Sneaky: 1\r\nAuthorization: Bearer stolen\r\n\r\n"))
        assert connection.response().status == 200
    request = upstream.requests[-1]
    assert b"sneaky" not in request.raw.lower() and b"stolen" not in request.raw
    assert request.header("authorization") == "Bearer test-key-1"


@pytest.mark.parametrize("method", ["TRACE", "OPTIONS", "PUT", "DELETE", "PATCH", "GET"])
def test_wrong_method_on_a_known_path_is_405_with_allow(world, method):
    gateway, _ = world
    response = gateway.request(method, PATH)
    assert response.status == 405 and response.body == b""
    assert "POST" in response.header("allow") and response.header("x-request-id")


def test_options_star_is_405(world):
    gateway, _ = world
    with gateway.connect() as connection:
        connection.send("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.response().status == 405


@pytest.mark.parametrize("lines", [("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGVzdA=="),
                                   ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA")])
def test_upgrade_is_ignored_and_the_answer_closes(world, lines):
    gateway, upstream = world
    with gateway.connect() as connection:
        connection.send(post(*lines))
        response = connection.response()
        assert response.status == 200 and not response.informational
        assert response.header("connection").lower() == "close"
        assert connection.closed()
    raw = upstream.requests[-1].raw.lower()
    assert b"upgrade" not in raw and b"http2-settings" not in raw


def test_expect_100_gets_100_then_the_answer(world):
    gateway, _ = world
    with gateway.connect() as connection:
        connection.send(post("Expect: 100-continue")[:-SIZE])
        assert connection.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 100")
        connection.send(BODY)
        assert connection.response().status == 200


def test_expect_100_with_a_body_that_is_there_already(world):
    gateway, _ = world
    with gateway.connect() as connection:
        connection.send(post("Expect: 100-continue"))
        assert connection.response().status == 200


def test_expect_100_in_http10_gets_no_100(world):
    gateway, _ = world
    with gateway.connect() as connection:
        connection.send(post("Expect: 100-continue", version="HTTP/1.0"))
        response = connection.response()
        assert response.status in (200, 417) and response.informational == []


@pytest.mark.parametrize("data, status", [
    (post("Expect: 100-continue", path="/v1/nowhere")[:-SIZE], 404),
    (post("Expect: 100-continue", "Content-Length: 33554433", length=False)[:-SIZE], 413),
    (post("Expect: 100-continue", host="Host: evil.example")[:-SIZE], 421)])
def test_expect_100_refused_gets_the_final_status_and_close(world, data, status):
    gateway, _ = world
    with gateway.connect() as connection:
        connection.send(data)
        response = connection.response()
        assert response.status == status and response.informational == []
        assert response.header("connection").lower() == "close"
        assert connection.closed()


@pytest.mark.parametrize("data, statuses", [
    (b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", {200, 400}),
    (b"HEAD /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", {200, 400}),
    (b"DELETE /v1/models/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", {405}),
    (b"POST /v1/nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", {404}),
    (b"POST /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", {405}),
    (b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n", {415})])
def test_a_body_nobody_wants_is_never_parsed_as_a_request(world, data, statuses):
    """CL.0: the body is a request itself; it may be eaten, or the connection ends."""
    gateway, upstream = world
    smuggled = b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nX-Smuggled: 1\r\n\r\n"
    before = len(upstream.requests)
    method = data.split(b" ")[0].decode()
    with gateway.connect() as connection:
        connection.send(data % len(smuggled) + smuggled)
        response = connection.response(method)
        assert response.status in statuses, response
        if (response.header("connection") or "").lower() == "close":
            assert answers(connection.drained()) == 0
        else:
            connection.send(NEXT)
            assert connection.response().status == 200
            connection.half_close()
            assert answers(connection.drained()) == 0
    assert len(upstream.requests) == before


@pytest.mark.parametrize("data", [
    b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    b"GET /v1/models HTTP/1.0\r\nHost: localhost\r\n\r\n"])
def test_bytes_after_close_are_ignored(world, data):
    gateway, _ = world
    with gateway.connect() as connection:
        connection.send(data + NEXT)
        assert connection.response().status == 200
        assert answers(connection.drained()) == 0


@pytest.mark.smoke
def test_pipelined_requests_are_answered_in_order(world):
    gateway, _ = world
    with gateway.connect() as connection:
        connection.send(post() + NEXT + post(path="/v1/nowhere") + post())
        statuses = []
        try:
            for _ in range(4):
                statuses.append(connection.response().status)
        except Closed:
            pass
    assert statuses[:3] == [200, 200, 404]


def test_pipelined_requests_go_upstream_one_at_a_time(world):
    gateway, upstream = world
    before = len(upstream.requests)
    with gateway.connect() as connection:
        connection.send(post() * 20)
        for _ in range(20):
            assert connection.response().status == 200
    assert len(upstream.requests) == before + 20
    assert len({request.connection for request in upstream.requests[before:]}) == 1


def test_a_few_leading_empty_lines_are_fine_and_many_are_not(world):
    gateway, _ = world
    with gateway.connect() as connection:
        connection.send(b"\r\n" + NEXT)
        assert connection.response().status == 200
    with gateway.connect() as connection:
        connection.try_send(b"\r\n" * 20000)
        connection.try_send(NEXT)
        try:
            assert connection.response().status == 400
        except Closed:
            pass


@pytest.mark.parametrize("path", ["/v1/models", "/v1/models/nope", "/v1/nowhere", PATH])
def test_head_has_the_headers_of_get_and_no_body(world, path):
    gateway, _ = world
    with gateway.connect() as connection:
        connection.send(request_bytes("HEAD", path))
        head = connection.response("HEAD")
        connection.send(NEXT)
        assert connection.response().status == 200, "a body was left on the connection"
    get = gateway.get(path)
    assert head.status == get.status
    assert head.header("content-length") == get.header("content-length")
    assert head.header("content-type") == get.header("content-type")


def test_a_refused_sender_that_goes_on_still_gets_the_answer(world):
    """Lingering close: unread bytes must not turn the answer into a reset."""
    gateway, _ = world
    with gateway.connect() as connection:
        connection.send(post("Content-Length: 3"))
        for _ in range(20):
            if not connection.try_send(b"x" * 4096):
                break
        response = connection.response()
        assert response.status == 400 and response.complete


@pytest.mark.parametrize("path", ["/v1/../v1/models", "/v1/%6dodels", "//v1/models", "/V1/models",
                                  "/v1/models/../../etc/passwd", "/v1/./models", "/", "/v1",
                                  "/v1/chat%2Fcompletions"])
def test_paths_are_matched_raw(world, path):
    gateway, upstream = world
    before = len(upstream.requests)
    assert gateway.get(path).status == 404
    assert len(upstream.requests) == before


def test_the_query_is_not_forwarded(world):
    gateway, upstream = world
    assert gateway.post(PATH + "?api_base=http://evil.example&x=1", BODY).status == 200
    assert upstream.requests[-1].target == "/v1/chat/completions"
