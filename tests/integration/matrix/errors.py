"""How each provider fails: every error that its documentation lists and the mock has recorded, with
what must become of it.

The reaction says who is told, and what is put aside for it:
"""

REACTIONS = {
    "client": "the client is told; nobody else is asked, nothing is held against the provider",
    "key": "the key is put aside",
    "quota": "the keys that share the quota are put aside, for long",
    "permission": "the key is put aside for this model",
    "model": "the provider's model is put aside for all keys",
    "rate": "the quota waits as long as was told",
    "busy": "overloaded: counts against the model's health there",
    "server": "counts against the model's health there",
    "spent": "the same, and headers say that nothing is left of the limit",
    "unlucky": "another one is asked, nothing is held against this one",
}


class Error:
    """wait: seconds that the answer asks for; from_s and to_s where the clock decides."""

    def __init__(self, status, reaction, wait=None):
        assert reaction in REACTIONS
        self.status = status
        self.reaction = reaction
        self.wait = wait


def table(**rows):
    return {name.replace("_", "-"): Error(*row) for name, row in rows.items()}


# Whoever speaks OpenAI's dialect and has no errors of its own on record.
GENERIC = table(
    invalid=(400, "client"), context=(400, "client"), filter=(400, "client"), bad_key=(401, "key"),
    model=(404, "model"), rate=(429, "rate", 0.35), quota=(429, "quota"), server=(500, "server"),
    overloaded=(503, "busy"))

ERRORS = {
    "openai": table(
        context=(400, "client"), parameter=(400, "client"), value=(400, "client"),
        invalid=(400, "client"), filter=(400, "client"), bad_key=(401, "key"),
        forbidden=(403, "key"), access=(403, "permission"), model=(404, "model"),
        rate=(429, "rate", 0.35), rate_tokens=(429, "rate", 2), request_size=(429, "unlucky"),
        quota=(429, "quota"), server=(500, "server"), overloaded=(503, "busy"),
        slow_down=(503, "rate")),
    "azure": table(
        context=(400, "client"), filter=(400, "client"), bad_key=(401, "key"),
        forbidden=(403, "key"), model=(404, "model"), path=(404, "model"),
        timeout=(408, "unlucky"), rate=(429, "rate", 12), overloaded=(429, "busy"),
        server=(500, "server"), unavailable=(503, "busy")),
    "anthropic": table(
        invalid=(400, "client"), context=(400, "client"), quota=(400, "quota"),
        spend_limit=(400, "quota"), on_hold=(400, "quota"), filter=(400, "client"),
        bad_key=(401, "key"), billing=(402, "quota"), forbidden=(403, "key"),
        model=(404, "model"), timeout_request=(408, "unlucky"), conflict=(409, "unlucky"),
        precondition=(412, "client"), too_large=(413, "client"), rate=(429, "rate", 2),
        ramp=(429, "rate", 5), spend_enforced=(429, "quota"), spend_contract=(429, "quota"),
        server=(500, "server"), cmek=(503, "busy"), timeout=(504, "server"),
        overloaded=(529, "busy")),
    "xai": table(
        bad_key=(400, "key"), invalid=(422, "client"), context=(400, "client"),
        no_key=(401, "key"), forbidden=(403, "quota"), model=(404, "model"), rate=(429, "rate"),
        quota=(429, "quota"), overloaded=(503, "busy")),
    "gemini": table(
        bad_key=(400, "key"), context=(400, "client"), invalid=(400, "client"),
        region=(400, "key"), no_key=(401, "key"), quota=(402, "quota"), forbidden=(403, "key"),
        model=(404, "model"), rate=(429, "rate", 34.4), rate_day=(429, "quota"),
        cancelled=(499, "server"), server=(500, "server"), overloaded=(503, "busy"),
        timeout=(504, "server")),
    "vertex": table(
        bad_key=(401, "key"), forbidden=(403, "key"), context=(400, "client"),
        model=(404, "model"), capacity=(429, "busy"), throughput=(429, "busy"),
        hidden_rate=(500, "rate"), server=(500, "server"), overloaded=(503, "busy"),
        timeout=(504, "server")),
    "bedrock": table(
        context=(400, "client"), context_tokens=(400, "client"), invalid=(400, "client"),
        profile=(400, "model"), model_id=(400, "model"), quota=(400, "quota"),
        expired_request=(400, "unlucky"), signature=(403, "key"), forbidden=(403, "permission"),
        bad_key=(403, "key"), expired_token=(403, "key"), model=(404, "model"),
        timeout=(408, "unlucky"), model_error=(424, "server"), stream_error=(424, "server"),
        rate=(429, "rate"), not_ready=(429, "busy"), server=(500, "server"),
        unavailable=(503, "busy")),
    "mistral": table(
        invalid=(422, "client"), invalid_object=(422, "client"), context=(400, "client"),
        bad_key=(401, "key"), bad_key_message=(401, "key"), bad_key_empty=(401, "key"),
        quota=(402, "quota"), forbidden=(403, "key"), model=(404, "model"), rate=(429, "rate"),
        no_allowance=(429, "quota"), overloaded=(429, "busy"), server=(500, "server"),
        unavailable=(503, "busy")),
    "cohere": table(
        invalid=(400, "client"), context=(400, "client"), bad_key=(401, "key"),
        quota=(402, "quota"), forbidden=(403, "key"), model=(404, "model"),
        unprocessable=(422, "client"), rate=(429, "rate"), trial=(429, "quota"),
        blocked=(498, "key"), cancelled=(499, "client"), server=(500, "server"),
        not_implemented=(501, "unlucky"), overloaded=(503, "busy"), timeout=(504, "server")),
    "deepseek": table(
        invalid=(422, "client"), context=(400, "client"), bad_key=(401, "key"),
        quota=(402, "quota"), model=(400, "model"), rate=(429, "rate"), server=(500, "server"),
        overloaded=(503, "busy")),
    "groq": table(
        tool_use_failed=(400, "unlucky"), json_failed=(400, "unlucky"), context=(400, "client"),
        bad_key=(401, "key"), forbidden=(403, "key"), model=(404, "model"),
        model_gone=(400, "model"), request_size=(413, "unlucky"), unprocessable=(422, "client"),
        dependency=(424, "server"), rate=(429, "rate", 6), rate_day=(429, "quota", 2954),
        capacity=(498, "busy"), cancelled=(499, "server"), server=(500, "server"),
        overloaded=(503, "busy")),
    "vllm": {**GENERIC, **table(flat=(400, "client"))},
    "ollama": GENERIC,
    "llamacpp": {**GENERIC, **table(context_old=(500, "client"))},
    "openrouter": table(
        bad_key=(401, "key"), quota=(402, "quota"), in_flight=(402, "rate", 1),
        filter=(403, "client"), rate=(429, "spent"), server=(502, "server"),
        overloaded=(503, "busy")),
    "together": table(
        context=(403, "client"), quota=(402, "quota"), bad_key=(401, "key"), rate=(429, "rate"),
        overloaded=(503, "busy")),
    "fireworks": table(
        suspended=(412, "quota"), rate=(429, "rate", 1), overloaded=(503, "busy")),
    "perplexity": GENERIC,
    "cerebras": GENERIC,
}

# What a mock has on record of endpoints that hand out tokens: no provider of models says it.
OF_TOKENS = {"anthropic": {"invalid-grant"}, "google": {"invalid-grant", "unavailable"},
             "aws": {"invalid-token", "expired-token"}}

# What can happen to any answer, whoever gives it: recipe of the mock -> reaction.
COMMON = {
    "cut=head": "server", "cut=middle": "server", "empty": "server", "malformed=1": "server",
    "status=502:html": "server", "status=404:html": "model",
}

# Who is known to answer with 200 and then say that it failed, in a whole answer or a stream's event.
IN_BAND = ("anthropic", "xai", "gemini", "vertex", "bedrock", "cohere", "openai", "groq", "llamacpp",
           "openrouter")

# Of them, what nothing but the missing status would tell: another one is asked then, or for Groq's the
# type says that it is the client's.
UNTOLD = {("xai", "invalid"): "server", ("cohere", "invalid"): "server",
          ("cohere", "unprocessable"): "server", ("cohere", "cancelled"): "server",
          ("groq", "cancelled"): "client"}
