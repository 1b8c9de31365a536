#include "load_priv.h"

#include "proa/core/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] =
    "usage: bench/load [options] http://HOST:PORT/PATH\n"
    "\n"
    "Sends requests at a constant rate, whatever the server does, and counts each latency from\n"
    "the moment when its request was due.\n"
    "\n"
    "  --rate N          requests a second (100)\n"
    "  --duration S      seconds (10)\n"
    "  --connections N   at most so many at once (1000)\n"
    "  --body FILE       request body (a chat of 1 KB)\n"
    "  --model NAME      model of the built-in body (demo)\n"
    "  --stream          the answer is a stream: time to first content, gaps\n"
    "  --header 'N: V'   one more header; may be repeated\n"
    "  --unix PATH       connect to this socket instead of HOST:PORT\n"
    "  --grace S         wait so long for the last answers (30)\n"
    "  --closed          count from the moment of sending, as closed loops do: shows what they "
    "hide\n"
    "  --json            one JSON object instead of text\n";

static uint64_t seconds_ms(const char *option, const char *text)
{
    char *dot = strchr(text, '.');
    if (dot == NULL) {
        return bench_number(option, text) * 1000;
    }
    char whole[32];
    char part[4] = "000";
    size_t len = (size_t)(dot - text);
    size_t digits = strlen(dot + 1);
    if (len >= sizeof(whole) || len == 0 || digits == 0) {
        bench_die("%s wants seconds, not '%s'", option, text);
    }
    memcpy(whole, text, len);
    whole[len] = '\0';
    memcpy(part, dot + 1, digits < 3 ? digits : 3);
    return bench_number(option, whole) * 1000 + bench_number(option, part);
}

static void read_url(struct load_options *o)
{
    static const char scheme[] = "http://";
    if (o->url == NULL || strncmp(o->url, scheme, sizeof(scheme) - 1) != 0) {
        fputs(usage, stderr);
        bench_die("an http:// URL is needed; TLS is not spoken");
    }
    const char *host = o->url + sizeof(scheme) - 1;
    size_t len = strcspn(host, "/");
    if (len == 0 || len + 4 >= sizeof(o->host) || strlen(host + len) >= sizeof(o->path)) {
        bench_die("bad URL: %s", o->url);
    }
    memcpy(o->host, host, len);
    snprintf(o->path, sizeof(o->path), "%s", host[len] == '\0' ? "/" : host + len);
    if (o->address[0] == '\0') {
        snprintf(o->address, sizeof(o->address), "%.*s%s", (int)len, o->host,
                 strchr(o->host, ':') == NULL ? ":80" : "");
    }
}

static bool flag(struct load_options *o, const char *name)
{
    if (strcmp(name, "--stream") == 0) {
        o->stream = true;
    } else if (strcmp(name, "--closed") == 0) {
        o->closed = true;
    } else if (strcmp(name, "--json") == 0) {
        o->json = true;
    } else {
        return false;
    }
    return true;
}

static bool text_option(struct load_options *o, const char *name, const char *value)
{
    if (strcmp(name, "--body") == 0) {
        o->body = value;
    } else if (strcmp(name, "--model") == 0) {
        o->model = value;
    } else if (strcmp(name, "--unix") == 0) {
        snprintf(o->address, sizeof(o->address), "unix:%s", value);
    } else if (strcmp(name, "--header") == 0) {
        if (o->header_count == sizeof(o->headers) / sizeof(o->headers[0])) {
            bench_die("too many headers");
        }
        o->headers[o->header_count++] = value;
    } else {
        return false;
    }
    return true;
}

static bool number_option(struct load_options *o, const char *name, const char *value)
{
    if (strcmp(name, "--rate") == 0) {
        o->rate = bench_number(name, value);
    } else if (strcmp(name, "--duration") == 0) {
        o->duration_ms = seconds_ms(name, value);
    } else if (strcmp(name, "--connections") == 0) {
        o->connections = bench_number(name, value);
    } else if (strcmp(name, "--grace") == 0) {
        o->grace_ms = seconds_ms(name, value);
    } else {
        return false;
    }
    return true;
}

void load_options_read(struct load_options *o, int argc, char **argv)
{
    *o = (struct load_options){
        .model = "demo", .rate = 100, .duration_ms = 10000, .connections = 1000, .grace_ms = 30000};
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            fputs(usage, stdout);
            exit(0);
        }
        if (flag(o, argv[i])) {
            continue;
        }
        if (value != NULL && (text_option(o, argv[i], value) || number_option(o, argv[i], value))) {
            i++;
        } else if (argv[i][0] != '-' && o->url == NULL) {
            o->url = argv[i];
        } else {
            fputs(usage, stderr);
            bench_die("what is %s?", argv[i]);
        }
    }
    read_url(o);
    if (o->rate == 0 || o->duration_ms == 0 || o->connections == 0) {
        bench_die("rate, duration and connections must be above 0");
    }
}

static char *default_body(const struct load_options *o, size_t *len)
{
    static const char text[] = "The outrigger keeps a narrow hull upright in wind and swell. ";
    enum { SIZE = 1000 };
    size_t room = SIZE + strlen(o->model) + 200;
    char *body = proa_alloc(room);
    size_t at = (size_t)snprintf(body, room,
                                 "{\"model\":\"%s\",%s\"messages\":[{\"role\":\"user\","
                                 "\"content\":\"",
                                 o->model, o->stream ? "\"stream\":true," : "");
    while (at + sizeof(text) + 3 < SIZE) {
        memcpy(body + at, text, sizeof(text) - 1);
        at += sizeof(text) - 1;
    }
    at += (size_t)snprintf(body + at, room - at, "\"}]}");
    *len = at;
    return body;
}

static char *read_body(const char *path, size_t *len)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        bench_die("%s: %s", path, strerror(errno));
    }
    long size = ftell(file);
    rewind(file);
    char *body = proa_alloc(size > 0 ? (size_t)size : 1);
    *len = fread(body, 1, size > 0 ? (size_t)size : 0, file);
    (void)fclose(file);
    return body;
}

void load_request_build(struct load *l)
{
    const struct load_options *o = &l->opt;
    size_t body_len = 0;
    char *body = o->body != NULL ? read_body(o->body, &body_len) : default_body(o, &body_len);
    char headers[4096] = "";
    size_t at = 0;
    for (size_t i = 0; i < o->header_count; i++) {
        int n = snprintf(headers + at, sizeof(headers) - at, "%s\r\n", o->headers[i]);
        if (n < 0 || (size_t)n >= sizeof(headers) - at) {
            bench_die("headers are too long");
        }
        at += (size_t)n;
    }
    size_t room = body_len + sizeof(headers) + 2048;
    l->request = proa_alloc(room);
    int n = snprintf(l->request, room,
                     "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n"
                     "Accept: %s\r\nContent-Length: %zu\r\n%s\r\n",
                     o->path, o->host, o->stream ? "text/event-stream" : "application/json",
                     body_len, headers);
    memcpy(l->request + n, body, body_len);
    l->request_len = (size_t)n + body_len;
    proa_free(body);
}
