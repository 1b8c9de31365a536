#!/bin/sh
# The models, a chat, a stream and a failover, by curl alone.
set -eu
proa=${PROA_URL:-http://127.0.0.1:4600}

echo '== models: no key is needed'
curl -fsS "$proa/v1/models"

echo; echo '== failover: the first provider of the route fails, and the headers tell the way (after a few failures it is not asked any more)'
curl -fsS -D - -o /dev/null "$proa/v1/chat/completions" -H 'content-type: application/json' \
    -d '{"model": "demo", "messages": [{"role": "user", "content": "Still there?"}]}' | grep -i '^x-proa'

echo; echo '== chat'
curl -fsS "$proa/v1/chat/completions" -H 'content-type: application/json' \
    -d '{"model": "demo", "messages": [{"role": "user", "content": "Name three rivers."}]}'

echo; echo '== stream: each event as it comes'
curl -fsS --no-buffer "$proa/v1/chat/completions" -H 'content-type: application/json' \
    -d '{"model": "demo", "stream": true, "messages": [{"role": "user", "content": "Name three rivers."}]}'

echo '== the same of Anthropic'\''s API'
curl -fsS "$proa/v1/messages" -H 'content-type: application/json' -H 'anthropic-version: 2023-06-01' \
    -d '{"model": "demo", "max_tokens": 100, "messages": [{"role": "user", "content": "Name three rivers."}]}'
echo
