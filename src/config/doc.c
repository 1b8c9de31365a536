#include "proa/config/doc.h"

#include "proa/core/alloc.h"
#include "proa/core/map.h"

#include <yaml.h>

enum { DIRECTIVES_MAX = 16 };

/* A container that is still open. Its children so far lie on the builder's stack from `start`. */
struct frame {
    enum proa_doc_kind kind;
    struct proa_option_where at;
    size_t start;
    size_t nodes_before; /* budget used when it opened, itself not counted */
    size_t height;       /* of the tallest child so far */
    size_t anchor;       /* index + 1 into anchors, 0 = none */
    bool have_key;
    struct proa_doc_entry key;
};

struct anchor {
    struct proa_slice name;
    const struct proa_doc_node *node; /* NULL while it is still open */
    size_t nodes;                     /* what an alias to it costs */
    size_t height;
};

struct builder {
    struct proa_arena *arena;
    const char *file;
    struct proa_diags *diags;
    const struct proa_doc_node *root;
    struct proa_doc_entry *stack; /* children of all open frames; malloc'd */
    size_t n;
    size_t cap;
    size_t n_nodes;
    size_t depth;
    size_t n_anchors;
    bool failed;
    struct frame frames[PROA_DOC_MAX_DEPTH];
    struct anchor anchors[PROA_DOC_MAX_ANCHORS];
};

static struct proa_option_where where_of(const struct builder *b, yaml_mark_t mark)
{
    return (struct proa_option_where){b->file, (uint32_t)mark.line + 1, (uint32_t)mark.column + 1};
}

static bool fail(struct builder *b, struct proa_option_where at, const char *message)
{
    proa_diags_add(b->diags, PROA_DIAG_ERROR, at.file, at.line, at.col, "%s", message);
    b->failed = true;
    return false;
}

static bool expects_key(const struct builder *b)
{
    const struct frame *f = b->depth > 0 ? &b->frames[b->depth - 1] : NULL;
    return f && f->kind == PROA_DOC_MAP && !f->have_key;
}

static bool spend(struct builder *b, struct proa_option_where at, size_t nodes)
{
    if (nodes > PROA_DOC_MAX_NODES - b->n_nodes) {
        return fail(b, at, "more than 10000 values in one file, expanded aliases included");
    }
    b->n_nodes += nodes;
    return true;
}

static void push(struct builder *b, struct proa_doc_entry entry)
{
    if (b->n == b->cap) {
        b->cap = b->cap ? b->cap * 2 : 64;
        b->stack = proa_realloc(b->stack, b->cap * sizeof(*b->stack));
    }
    b->stack[b->n++] = entry;
}

static bool put_key(struct builder *b, struct frame *f, const struct proa_doc_node *node)
{
    if (node->kind != PROA_DOC_SCALAR) {
        return fail(b, node->at, "a key must be a plain word or a quoted text");
    }
    if (node->plain && proa_slice_eq(node->text, PROA_SLICE("<<"))) {
        return fail(b, node->at,
                    "merge keys (<<) are not part of YAML 1.2; write the members out here");
    }
    f->key = (struct proa_doc_entry){
        .key = node->text, .key_at = node->at, .key_plain = node->plain, .value = NULL};
    f->have_key = true;
    return true;
}

/* Hands a finished node to the container that is open, or makes it the root. */
static bool put(struct builder *b, const struct proa_doc_node *node, size_t height)
{
    if (b->depth == 0) {
        b->root = node;
        return true;
    }
    struct frame *f = &b->frames[b->depth - 1];
    if (f->kind == PROA_DOC_MAP && !f->have_key) {
        return put_key(b, f, node);
    }
    struct proa_doc_entry entry = {.value = node};
    if (f->kind == PROA_DOC_MAP) {
        entry = f->key;
        entry.value = node;
        f->have_key = false;
    }
    push(b, entry);
    if (height > f->height) {
        f->height = height;
    }
    return true;
}

/* Registers an anchor; *index is index + 1, 0 for none. */
static bool open_anchor(struct builder *b, const yaml_char_t *name, struct proa_option_where at,
                        size_t *index)
{
    *index = 0;
    if (!name) {
        return true;
    }
    if (b->n_anchors == PROA_DOC_MAX_ANCHORS) {
        return fail(b, at, "more than 256 anchors in one file");
    }
    b->anchors[b->n_anchors++] = (struct anchor){
        .name = proa_arena_dup(b->arena, proa_slice_cstr((const char *)name)), .node = NULL};
    *index = b->n_anchors;
    return true;
}

static void close_anchor(struct builder *b, size_t index, const struct proa_doc_node *node,
                         size_t nodes, size_t height)
{
    if (index > 0) {
        struct anchor *a = &b->anchors[index - 1];
        a->node = node;
        a->nodes = nodes;
        a->height = height;
    }
}

static bool on_alias(struct builder *b, const yaml_event_t *event)
{
    struct proa_option_where at = where_of(b, event->start_mark);
    struct proa_slice name = proa_slice_cstr((const char *)event->data.alias.anchor);
    const struct anchor *found = NULL;
    for (size_t i = b->n_anchors; i > 0 && !found; i--) {
        if (proa_slice_eq(b->anchors[i - 1].name, name)) {
            found = &b->anchors[i - 1]; /* the last one of that name counts */
        }
    }
    if (!found) {
        return fail(b, at, "this alias has no anchor above it");
    }
    if (!found->node) {
        return fail(b, at, "this alias refers to the value it is part of");
    }
    if (b->depth + found->height > PROA_DOC_MAX_DEPTH) {
        return fail(b, at, "nested more than 32 levels deep");
    }
    return spend(b, at, expects_key(b) ? 0 : found->nodes) && put(b, found->node, found->height);
}

enum tag_kind { TAG_NONE = 0, TAG_TEXT, TAG_CORE, TAG_OTHER };

static enum tag_kind tag_of(const yaml_char_t *tag)
{
    static const char prefix[] = "tag:yaml.org,2002:";
    static const char *const core[] = {"int", "bool", "float", "null", "map", "seq"};
    struct proa_slice s = proa_slice_cstr((const char *)tag);
    if (s.len == 0) {
        return TAG_NONE;
    }
    if (proa_slice_eq(s, PROA_SLICE("!"))) {
        return TAG_TEXT; /* the non-specific tag of YAML 1.2, 6.8.2: not resolved by content */
    }
    if (!proa_slice_starts(s, proa_slice_cstr(prefix))) {
        return TAG_OTHER;
    }
    s = proa_slice_from(s, sizeof(prefix) - 1);
    if (proa_slice_eq(s, PROA_SLICE("str"))) {
        return TAG_TEXT;
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(core); i++) {
        if (proa_slice_eq(s, proa_slice_cstr(core[i]))) {
            return TAG_CORE;
        }
    }
    return TAG_OTHER;
}

static bool refuse_tag(struct builder *b, struct proa_option_where at, const yaml_char_t *tag)
{
    proa_diags_add(b->diags, PROA_DIAG_ERROR, at.file, at.line, at.col,
                   "the tag %.64s is not part of the YAML core schema; remove it",
                   (const char *)tag);
    b->failed = true;
    return false;
}

static bool on_scalar(struct builder *b, const yaml_event_t *event)
{
    struct proa_option_where at = where_of(b, event->start_mark);
    enum tag_kind tag = tag_of(event->data.scalar.tag);
    if (tag == TAG_OTHER) {
        return refuse_tag(b, at, event->data.scalar.tag);
    }
    struct proa_slice text = proa_slice_make(event->data.scalar.value, event->data.scalar.length);
    if (text.len > 0 && memchr(text.ptr, 0, text.len)) {
        return fail(b, at, "a NUL byte cannot be part of a value");
    }
    size_t anchor = 0;
    if (!spend(b, at, expects_key(b) ? 0 : 1) ||
        !open_anchor(b, event->data.scalar.anchor, at, &anchor)) {
        return false;
    }
    struct proa_doc_node *node = PROA_ARENA_NEW(b->arena, struct proa_doc_node);
    node->kind = PROA_DOC_SCALAR;
    node->at = at;
    node->plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && tag != TAG_TEXT;
    node->text = proa_slice_make(proa_arena_cstr(b->arena, text), text.len);
    close_anchor(b, anchor, node, 1, 0);
    return put(b, node, 0);
}

static bool on_open(struct builder *b, enum proa_doc_kind kind, const yaml_event_t *event)
{
    struct proa_option_where at = where_of(b, event->start_mark);
    bool is_map = kind == PROA_DOC_MAP;
    const yaml_char_t *tag =
        is_map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
    const yaml_char_t *name =
        is_map ? event->data.mapping_start.anchor : event->data.sequence_start.anchor;
    size_t anchor = 0;
    if (tag_of(tag) == TAG_OTHER) {
        return refuse_tag(b, at, tag);
    }
    if (b->depth == PROA_DOC_MAX_DEPTH) {
        return fail(b, at, "nested more than 32 levels deep");
    }
    if (expects_key(b)) {
        return fail(b, at, "a key must be a plain word or a quoted text");
    }
    size_t before = b->n_nodes;
    if (!spend(b, at, 1) || !open_anchor(b, name, at, &anchor)) {
        return false;
    }
    b->frames[b->depth++] = (struct frame){
        .kind = kind, .at = at, .start = b->n, .nodes_before = before, .anchor = anchor};
    return true;
}

static void report_duplicate(struct builder *b, const struct proa_doc_entry *first,
                             const struct proa_doc_entry *again)
{
    struct proa_slice key = proa_slice_head(again->key, 64);
    proa_diags_add(b->diags, PROA_DIAG_ERROR, again->key_at.file, again->key_at.line,
                   again->key_at.col,
                   "duplicate key \"%" PROA_SLICE_FMT "\"; it is already on line %u",
                   PROA_SLICE_ARG(key), first->key_at.line);
    b->failed = true;
}

static void check_duplicates(struct builder *b, struct proa_doc_entry *entries, size_t n)
{
    struct proa_map seen;
    proa_map_init(&seen, 0); /* a person's own file: nobody else chooses its collisions */
    for (size_t i = 0; i < n; i++) {
        const struct proa_doc_entry *first = proa_map_get(&seen, entries[i].key);
        if (first) {
            report_duplicate(b, first, &entries[i]);
        } else {
            (void)proa_map_put(&seen, entries[i].key, &entries[i]);
        }
    }
    proa_map_deinit(&seen);
}

static bool on_close(struct builder *b)
{
    PROA_ASSERT(b->depth > 0);
    struct frame *f = &b->frames[--b->depth];
    size_t n = b->n - f->start;
    struct proa_doc_entry *children = n > 0 ? &b->stack[f->start] : NULL;
    struct proa_doc_node *node = PROA_ARENA_NEW(b->arena, struct proa_doc_node);
    node->kind = f->kind;
    node->at = f->at;
    node->n = n;
    if (f->kind == PROA_DOC_MAP) {
        check_duplicates(b, children, n);
        struct proa_doc_entry *entries = proa_arena_zero(b->arena, n, sizeof(*entries));
        for (size_t i = 0; i < n; i++) {
            entries[i] = children[i];
        }
        node->entries = entries;
    } else {
        // NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers
        const struct proa_doc_node **items = proa_arena_zero(b->arena, n, sizeof(*items));
        for (size_t i = 0; i < n; i++) {
            items[i] = children[i].value;
        }
        node->items = items;
    }
    b->n = f->start;
    close_anchor(b, f->anchor, node, b->n_nodes - f->nodes_before, f->height + 1);
    return put(b, node, f->height + 1);
}

/* One event into the tree; false stops. */
static bool feed(struct builder *b, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return on_scalar(b, event);
    case YAML_ALIAS_EVENT:
        return on_alias(b, event);
    case YAML_SEQUENCE_START_EVENT:
        return on_open(b, PROA_DOC_LIST, event);
    case YAML_MAPPING_START_EVENT:
        return on_open(b, PROA_DOC_MAP, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return on_close(b);
    case YAML_DOCUMENT_START_EVENT:
        return !b->root || fail(b, where_of(b, event->start_mark),
                                "a second document starts here; write one document per file");
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return true;
    }
    return true;
}

/* The byte a mark points at, 0 beyond the end. Marks count characters, hence the walk. */
static char byte_at(struct proa_slice bytes, yaml_mark_t mark)
{
    size_t pos = 0;
    for (size_t line = 0; line < mark.line && pos < bytes.len; line++) {
        pos += proa_slice_find(proa_slice_from(bytes, pos), '\n') + 1;
    }
    for (size_t col = 0; col < mark.column && pos < bytes.len; col++) {
        pos++;
        while (pos < bytes.len && ((unsigned char)bytes.ptr[pos] & 0xC0) == 0x80) {
            pos++;
        }
    }
    if (pos >= bytes.len) {
        return '\0';
    }
    return bytes.ptr[pos];
}

/* Reader errors (encoding) come with a byte offset only. */
static void report_reader(struct builder *b, struct proa_slice bytes, const yaml_parser_t *parser)
{
    struct proa_option_where at = {b->file, 1, 1};
    size_t end = parser->problem_offset < bytes.len ? parser->problem_offset : bytes.len;
    for (size_t i = 0; i < end; i++) {
        if (bytes.ptr[i] == '\n') {
            at.line++;
            at.col = 1;
        } else if (((unsigned char)bytes.ptr[i] & 0xC0) != 0x80) {
            at.col++;
        }
    }
    bool control =
        parser->problem && strcmp(parser->problem, "control characters are not allowed") == 0;
    (void)fail(b, at,
               control ? "control characters are not allowed; save the file as UTF-8 text"
                       : "this is not UTF-8; save the file as UTF-8");
}

static void report_syntax(struct builder *b, struct proa_slice bytes, const yaml_parser_t *parser)
{
    struct proa_option_where at = where_of(b, parser->problem_mark);
    const char *problem = parser->problem ? parser->problem : "not valid YAML";
    char byte = byte_at(bytes, parser->problem_mark);
    bool no_token = strcmp(problem, "found character that cannot start any token") == 0;
    if (strstr(problem, "tab character") || (no_token && byte == '\t')) {
        (void)fail(b, at, "a tab cannot indent; use spaces");
        return;
    }
    if (strcmp(problem, "found invalid Unicode character escape code") == 0) {
        /* JSON writes what lies beyond U+FFFF as two escapes, YAML knows \U only */
        (void)fail(b, at, "this escape is half a character; write the character itself");
        return;
    }
    b->failed = true;
    if (no_token && byte > ' ') {
        proa_diags_add(b->diags, PROA_DIAG_ERROR, at.file, at.line, at.col,
                       "a value cannot start with %c; put it in quotes", byte);
    } else if (parser->context) {
        proa_diags_add(b->diags, PROA_DIAG_ERROR, at.file, at.line, at.col,
                       "%s, %s that starts on line %u", problem, parser->context,
                       (unsigned)parser->context_mark.line + 1);
    } else {
        proa_diags_add(b->diags, PROA_DIAG_ERROR, at.file, at.line, at.col, "%s", problem);
    }
}

static void report_parser(struct builder *b, struct proa_slice bytes, const yaml_parser_t *parser)
{
    if (parser->error == YAML_READER_ERROR) {
        report_reader(b, bytes, parser);
    } else {
        report_syntax(b, bytes, parser);
    }
}

static void run(struct builder *b, struct proa_slice bytes)
{
    yaml_parser_t parser;
    PROA_ASSERT(yaml_parser_initialize(&parser)); /* fails for want of memory only */
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes.ptr, bytes.len);
    bool more = true;
    while (more) {
        yaml_event_t event;
        if (!yaml_parser_parse(&parser, &event)) {
            report_parser(b, bytes, &parser);
            break;
        }
        more = feed(b, &event) && event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&parser);
}

/* libyaml compares each %TAG directive with all before it, which takes minutes for a file of them.
 */
static bool has_many_directives(struct proa_slice bytes)
{
    size_t n = 0;
    struct proa_slice word = PROA_SLICE("%TAG"); /* wherever it stands: YAML has five line breaks */
    for (size_t i = proa_slice_search(bytes, word); i < bytes.len && n < DIRECTIVES_MAX; n++) {
        bytes = proa_slice_from(bytes, i + word.len);
        i = proa_slice_search(bytes, word);
    }
    return n == DIRECTIVES_MAX;
}

enum proa_err proa_doc_parse(struct proa_slice bytes, const char *file, struct proa_arena *arena,
                             const struct proa_doc_node **out, struct proa_diags *diags)
{
    if (bytes.len > PROA_DOC_MAX_BYTES) {
        proa_diags_add(diags, PROA_DIAG_ERROR, file, 0, 0, "larger than 1 MiB");
        return PROA_ERR_LIMIT;
    }
    if (has_many_directives(bytes)) {
        proa_diags_add(diags, PROA_DIAG_ERROR, file, 0, 0,
                       "too many %%TAG directives; remove them");
        return PROA_ERR_LIMIT;
    }
    struct builder *b = PROA_NEW(struct builder);
    b->arena = arena;
    b->file = file;
    b->diags = diags;
    if (proa_slice_starts(bytes, PROA_SLICE("\xEF\xBB\xBF"))) {
        bytes = proa_slice_from(bytes, 3); /* libyaml would count the mark as a column */
    }
    run(b, bytes.ptr ? bytes : PROA_SLICE(""));
    const struct proa_doc_node *root = b->root;
    bool failed = b->failed;
    proa_free(b->stack);
    proa_free(b);
    if (failed) {
        return PROA_ERR_SYNTAX;
    }
    if (!root) {
        struct proa_doc_node *empty = PROA_ARENA_NEW(arena, struct proa_doc_node);
        empty->kind = PROA_DOC_MAP;
        empty->at = (struct proa_option_where){file, 1, 1};
        root = empty;
    }
    *out = root;
    return PROA_OK;
}

const struct proa_doc_node *proa_doc_get(const struct proa_doc_node *map, struct proa_slice key)
{
    if (!map || map->kind != PROA_DOC_MAP) {
        return NULL;
    }
    for (size_t i = 0; i < map->n; i++) {
        if (proa_slice_eq(map->entries[i].key, key)) {
            return map->entries[i].value;
        }
    }
    return NULL;
}

bool proa_doc_is_null(const struct proa_doc_node *node)
{
    if (node->kind != PROA_DOC_SCALAR || !node->plain) {
        return false;
    }
    struct proa_slice s = node->text;
    return s.len == 0 || proa_slice_eq(s, PROA_SLICE("~")) ||
           proa_slice_eq(s, PROA_SLICE("null")) || proa_slice_eq(s, PROA_SLICE("Null")) ||
           proa_slice_eq(s, PROA_SLICE("NULL"));
}

const struct proa_doc_node *proa_doc_find(const struct proa_doc_node *map, struct proa_slice path)
{
    const struct proa_doc_node *node = map;
    struct proa_slice rest = path;
    while (node && rest.len > 0) {
        node = proa_doc_get(node, proa_slice_split(rest, '.', &rest));
    }
    return node;
}

const char *proa_doc_library(void)
{
    return yaml_get_version_string();
}
