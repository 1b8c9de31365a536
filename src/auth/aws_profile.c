#include "proa/auth/aws_profile.h"

struct row {
    struct proa_slice name;
    size_t offset;
};

#define ROW(text, member)                                                                          \
    {                                                                                              \
        PROA_SLICE_INIT(text), offsetof(struct proa_aws_profile, member)                           \
    }

static const struct row ROWS[] = {
    ROW("aws_access_key_id", access_key_id),
    ROW("aws_secret_access_key", secret_access_key),
    ROW("aws_session_token", session_token),
    ROW("region", region),
    ROW("role_arn", role_arn),
    ROW("role_session_name", role_session_name),
    ROW("web_identity_token_file", web_identity_token_file),
};

static const struct proa_slice UNSUPPORTED[] = {
    PROA_SLICE_INIT("credential_process"), PROA_SLICE_INIT("source_profile"),
    PROA_SLICE_INIT("credential_source"),  PROA_SLICE_INIT("sso_session"),
    PROA_SLICE_INIT("sso_start_url"),      PROA_SLICE_INIT("login_session"),
};

/* Without blanks and the CR of a line end. */
static struct proa_slice trim(struct proa_slice s)
{
    s = proa_slice_trim(s);
    if (s.len > 0 && s.ptr[s.len - 1] == '\r') {
        s.len--;
    }
    return proa_slice_trim(s);
}

/* A value up to a comment, which begins with a blank and # or ; */
static struct proa_slice without_comment(struct proa_slice s)
{
    for (size_t i = 1; i < s.len; i++) {
        const bool blank = s.ptr[i - 1] == ' ' || s.ptr[i - 1] == '\t';
        if (blank && (s.ptr[i] == '#' || s.ptr[i] == ';')) {
            return trim(proa_slice_head(s, i));
        }
    }
    return s;
}

/* Is this line the heading of the profile? *heading tells whether it is one at all. */
static bool is_section(struct proa_slice line, enum proa_aws_file file, struct proa_slice name,
                       bool *heading)
{
    *heading = line.len > 0 && line.ptr[0] == '[';
    if (!*heading) {
        return false;
    }
    struct proa_slice title = proa_slice_from(line, 1);
    title = proa_slice_trim(proa_slice_head(title, proa_slice_find(title, ']')));
    const struct proa_slice prefix = PROA_SLICE("profile");
    if (file == PROA_AWS_CONFIG && proa_slice_starts(title, prefix) && title.len > prefix.len &&
        (title.ptr[prefix.len] == ' ' || title.ptr[prefix.len] == '\t')) {
        return proa_slice_eq(proa_slice_trim(proa_slice_from(title, prefix.len)), name);
    }
    return proa_slice_eq(title, name) &&
           (file == PROA_AWS_CREDENTIALS || proa_slice_eq(name, PROA_SLICE("default")));
}

static void take(struct proa_slice line, struct proa_aws_profile *out)
{
    struct proa_slice value;
    const struct proa_slice name = trim(proa_slice_split(line, '=', &value));
    value = without_comment(trim(value));
    for (size_t i = 0; i < PROA_ARRAY_LEN(ROWS); i++) {
        if (proa_slice_eq(name, ROWS[i].name)) {
            memcpy((char *)out + ROWS[i].offset, &value, sizeof value);
        }
    }
    for (size_t i = 0; i < PROA_ARRAY_LEN(UNSUPPORTED); i++) {
        if (value.len > 0 && proa_slice_eq(name, UNSUPPORTED[i])) {
            out->unsupported = UNSUPPORTED[i];
        }
    }
}

bool proa_aws_profile_find(struct proa_slice bytes, enum proa_aws_file file, struct proa_slice name,
                           struct proa_aws_profile *out)
{
    bool found = false;
    bool inside = false;
    if (proa_slice_starts(bytes, PROA_SLICE("\xef\xbb\xbf"))) {
        bytes = proa_slice_from(bytes, 3);
    }
    while (bytes.len > 0) {
        const struct proa_slice raw = proa_slice_split(bytes, '\n', &bytes);
        /* What is set in belongs to the line before: settings of single services. */
        const bool nested = raw.len > 0 && (raw.ptr[0] == ' ' || raw.ptr[0] == '\t');
        const struct proa_slice line = trim(raw);
        bool heading = false;
        if (line.len == 0 || nested || line.ptr[0] == '#' || line.ptr[0] == ';') {
            continue;
        }
        const bool mine = is_section(line, file, name, &heading);
        if (heading) {
            inside = mine;
            found = found || mine;
        } else if (inside) {
            take(line, out);
        }
    }
    return found;
}

struct proa_slice proa_aws_domain(struct proa_slice region)
{
    static const struct {
        struct proa_slice prefix;
        struct proa_slice domain;
    } partitions[] = {
        {PROA_SLICE_INIT("cn-"), PROA_SLICE_INIT("amazonaws.com.cn")},
        {PROA_SLICE_INIT("us-iso-"), PROA_SLICE_INIT("c2s.ic.gov")},
        {PROA_SLICE_INIT("us-isob-"), PROA_SLICE_INIT("sc2s.sgov.gov")},
        {PROA_SLICE_INIT("eu-isoe-"), PROA_SLICE_INIT("cloud.adc-e.uk")},
        {PROA_SLICE_INIT("us-isof-"), PROA_SLICE_INIT("csp.hci.ic.gov")},
        {PROA_SLICE_INIT("eusc-"), PROA_SLICE_INIT("amazonaws.eu")},
    };
    for (size_t i = 0; i < PROA_ARRAY_LEN(partitions); i++) {
        if (proa_slice_starts(region, partitions[i].prefix)) {
            return partitions[i].domain;
        }
    }
    return PROA_SLICE("amazonaws.com");
}

bool proa_aws_is_region(struct proa_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.ptr[i];
        const bool edge = i == 0 || i + 1 == text.len;
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c == '-' && !edge))) {
            return false;
        }
    }
    return text.len > 0 && text.len <= 32;
}
