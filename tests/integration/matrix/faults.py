"""One provider of each dialect, and how its streams fail: recipes of the mock, by what the client
would see if nobody stood between."""

# Events of a stream ahead of its first content.
BEFORE_CONTENT = {"openai": 1, "anthropic": 3, "gemini": 0, "bedrock": 1, "cohere": 2}


OVERLOADED = {"bedrock": "unavailable"}


def faults(name):
    overloaded = "error=" + OVERLOADED.get(name, "overloaded")
    found = {
        "error": overloaded,
        "error-in-200": overloaded + ":200-error",
        "error-first": "error-first:" + overloaded,
        "cut-head": "cut=head",
        "cut-early": "cut=30",
        "reset": "cut=30:rst",
        "empty": "empty",
        LATE: "error-after=4:words=20",
    }
    if BEFORE_CONTENT[name]:
        found["error-before-content"] = "error-after=%d" % BEFORE_CONTENT[name]
    return found


# After content: there is nobody to move to any more.
LATE = "late"
FAULTS = {name: faults(name) for name in BEFORE_CONTENT}
