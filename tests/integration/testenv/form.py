"""multipart/form-data by hand and by the standard library: what is sent and what arrives."""
import email.parser
import email.policy

BOUNDARY = "----proa-test-7f3a"
TYPE = "multipart/form-data; boundary=" + BOUNDARY


def form(*fields, boundary=BOUNDARY):
    """Fields are (name, value) or (name, value, filename, media type); values str or bytes."""
    parts = []
    for name, value, *file in fields:
        head = 'Content-Disposition: form-data; name="%s"' % name
        if file:
            head += '; filename="%s"\r\nContent-Type: %s' % tuple(file)
        value = value.encode() if isinstance(value, str) else value
        parts.append(b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary.encode(), head.encode(), value))
    return b"".join(parts) + b"--%s--\r\n" % boundary.encode()


def read(request):
    """What an upstream got, as a list of (name, value bytes, filename or None, media type)."""
    kind = request.header("content-type")
    whole = b"Content-Type: " + kind.encode() + b"\r\n\r\n" + request.body
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(whole)
    assert message.is_multipart(), request.body[:200]
    return [(part.get_param("name", header="content-disposition"), part.get_payload(decode=True),
             part.get_filename(), part.get_content_type()) for part in message.iter_parts()]
