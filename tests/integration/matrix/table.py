"""Who supports what: one row for each provider, as its documentation has it.

What a row does not support is asserted as well: refused with 400 before anything is sent, or
dropped with a warning that the client is told. A feature that is not named in `gaps` is supported,
and then there must be a test for it.
"""

FEATURES = {
    "chat": "an answer, whole",
    "stream": "an answer, streamed",
    "call": "a tool is called with arguments",
    "parallel": "several tools are called at once",
    "no-args": "a tool without arguments is called",
    "result": "the tools' results come back",
    "image": "an image as data URL",
    "image-url": "an image by its URL",
    "schema": "an answer that fits a JSON schema",
    "reasoning": "reasoning, asked for by effort and shown or counted",
    "usage": "tokens in and out, streams too",
    "cached": "of which cached",
    "thought": "of which reasoning",
    "embeddings": "vectors, float and base64, in order",
    "rerank": "documents, ranked",
}

# REFUSED before anything is sent; TOLD by the provider itself; DROPPED with a warning; None where
# there is no such thing to ask for, or nothing is known.
REFUSED, TOLD, DROPPED = "refused", "told", "dropped"

# Behind the name: where it is found at the mock, and what it is called there.
#   dialect   how it speaks; translated: its answers are rewritten, so that every promise holds
#   twin      the second of two providers of one vendor, which live in a gateway of their own
#   thinks    a model that reasons, and where its thoughts are shown: None = only counted
#   key       how it is got in: a plain key, a service account of Google, a signature of AWS
#   gaps      feature -> (what becomes of it, word of the message)


class Row:
    def __init__(self, name, path, model, dialect="openai", vendor=None, translated=True, twin=False,
                 thinks=None, shows="reasoning_content", embeds=None, reranks=None, schema=None,
                 key="keys", gaps=None, errors=None, **config):
        self.name = name
        self.path = path
        self.vendor = vendor or name
        self.dialect = dialect
        self.model = model
        self.translated = translated
        self.twin = twin
        self.thinks = thinks
        self.shows = shows
        self.embeds = embeds
        self.reranks = reranks
        self.schema = schema or model
        self.key = key
        self.config = config
        self.profile = errors or path.split("/")[1]
        self.gaps = dict(gaps or {})
        for feature, models in (("reasoning", thinks), ("thought", thinks), ("embeddings", embeds),
                                ("rerank", reranks)):
            if not models:
                self.gaps.setdefault(feature, None)

    def __repr__(self):
        return self.name

    def supports(self, feature):
        return feature not in self.gaps

    def named(self, recipe="", model=None):
        """What a client asks for to reach this provider and have the mock follow the recipe."""
        return "%s/%s%s" % (self.vendor, model or self.model, "+" + recipe if recipe else "")


NO_VECTORS = {"embeddings": (REFUSED, "embeddings")}
NO_RANKS = {"rerank": (REFUSED, "rerank")}
NEITHER = {**NO_VECTORS, **NO_RANKS}


def server(name, path, thinks=None, shows="reasoning_content", **more):
    """An OpenAI-shaped server of which nothing else is known: the client's bytes go on as they are."""
    return Row(name, path, "some-model", thinks=thinks, shows=shows, **{
        "translated": False, "embeds": "some-embedder", **more})


ROWS = [
    Row("openai", "/openai/v1", "gpt-5.5", translated=False, thinks="gpt-5.5", shows=None,
        embeds="text-embedding-3-small", gaps=NO_RANKS),
    Row("azure-classic", "/azure/openai", "gpt-5.5", vendor="azure", translated=False,
        thinks="gpt-5.5", shows=None, embeds="text-embedding-3-large", gaps=NO_RANKS,
        api_version="2024-10-21"),
    Row("azure-v1", "/azure/openai/v1", "gpt-5.5", vendor="azure", translated=False, twin=True,
        thinks="gpt-5.5", shows=None, embeds="text-embedding-3-large", gaps=NO_RANKS),
    Row("anthropic", "/anthropic/v1", "claude-sonnet-5", dialect="anthropic",
        thinks="claude-sonnet-5", gaps=NEITHER),
    Row("xai", "/xai/v1", "grok-4.5", thinks="grok-4.5", gaps=NEITHER),
    Row("gemini", "/gemini/v1beta", "gemini-3.6-flash", dialect="gemini",
        thinks="gemini-3.6-flash", embeds="gemini-embedding-001", gaps=NO_RANKS),
    Row("vertex", "/vertex/v1/projects/p/locations/global", "gemini-3.6-flash", dialect="gemini",
        thinks="gemini-3.6-flash", embeds="text-embedding-005", key="google", gaps=NO_RANKS),
    Row("vertex-claude", "/vertex/v1/projects/p/locations/global", "claude-sonnet-5",
        vendor="vertex", dialect="anthropic", twin=True, thinks="claude-sonnet-5", key="google",
        gaps={**NEITHER, "image-url": (REFUSED, "image")}),
    Row("bedrock", "/bedrock", "us.anthropic.claude-sonnet-5", dialect="bedrock",
        thinks="us.anthropic.claude-sonnet-5", embeds="amazon.titan-embed-text-v2:0", key="aws",
        gaps={**NO_RANKS, "image-url": (REFUSED, "image"), "thought": None}, region="us-east-1"),
    Row("mistral", "/mistral/v1", "mistral-large-latest", thinks="magistral-medium-latest",
        embeds="mistral-embed", gaps=NO_RANKS),
    Row("cohere", "/cohere", "command-a-03-2025", dialect="cohere",
        thinks="command-a-reasoning-08-2025", embeds="embed-v4.0", reranks="rerank-v3.5",
        gaps={"thought": None}),
    Row("deepseek", "/deepseek", "deepseek-v4-flash", thinks="deepseek-v4-flash",
        gaps={**NEITHER, "schema": (DROPPED, "response_format")}),
    Row("groq", "/groq/openai/v1", "openai/gpt-oss-20b", thinks="openai/gpt-oss-20b",
        gaps=NEITHER),
    server("vllm", "/vllm/v1", thinks="some-thinker", reranks="some-ranker"),
    server("ollama", "/ollama/v1", thinks="some-thinker", shows="reasoning",
           gaps={**NO_RANKS, "image-url": (TOLD, "image")}),
    server("llamacpp", "/llamacpp/v1", thinks="some-thinker", reranks="some-ranker"),
    server("openrouter", "/openrouter/api/v1", thinks="some-thinker", shows="reasoning"),
    server("together", "/together/v1", thinks="some-thinker", translated=True,
           reranks="some-ranker"),
    server("fireworks", "/fireworks/inference/v1", thinks="some-thinker", reranks="some-ranker"),
    server("perplexity", "/perplexity", embeds=None),
    server("cerebras", "/cerebras/v1", thinks="some-thinker", shows="reasoning", embeds=None,
           gaps=NEITHER),
]
BY_NAME = {row.name: row for row in ROWS}
