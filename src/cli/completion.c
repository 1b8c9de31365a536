/*
 * Completion scripts from the tables. The words are names and file names only; nothing is asked of
 * a running proa.
 */
#include "command_priv.h"

#include <sysexits.h>

/* ---- bash (and zsh, which runs it) ----------------------------------------------------------- */

static void bash_flags(struct proa_cli_out *out, const struct proa_cli_flag *flags)
{
    for (; flags->name; flags++) {
        proa_cli_out_printf(out, " --%s", flags->name);
    }
}

static void bash_choices(struct proa_cli_out *out, const char *command,
                         const struct proa_cli_flag *flags)
{
    for (; flags->name; flags++) {
        if (!flags->choices) {
            continue;
        }
        proa_cli_out_printf(out, "    %s:--%s) words='", command, flags->name);
        for (const char *const *c = flags->choices; *c; c++) {
            proa_cli_out_printf(out, "%s%s", c == flags->choices ? "" : " ", *c);
        }
        proa_cli_out_printf(out, "' ;;\n");
    }
}

/* Flags with a value that is no file: nothing to offer. */
static void bash_values(struct proa_cli_out *out, const struct proa_cli_flag *flags)
{
    for (; flags->name; flags++) {
        if (flags->arg && !flags->choices && strcmp(flags->arg, "PATH") != 0 &&
            strcmp(flags->arg, "FILE") != 0) {
            proa_cli_out_printf(out, "    *:--%s) return ;;\n", flags->name);
        }
    }
}

static void bash(struct proa_cli_out *out)
{
    proa_cli_out_printf(out, "_proa() {\n"
                             "    local word=${COMP_WORDS[COMP_CWORD]} words='' files=0\n"
                             "    local prev=${COMP_WORDS[COMP_CWORD-1]} "
                             "command=${COMP_WORDS[1]}\n"
                             "    COMPREPLY=()\n"
                             "    case $COMP_CWORD:$command:$prev in\n"
                             "    1:*) words='");
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        proa_cli_out_printf(out, "%s%s", c == proa_cli_commands ? "" : " ", c->name);
    }
    bash_flags(out, proa_cli_program.flags);
    bash_flags(out, proa_cli_common_flags);
    proa_cli_out_printf(out, "' ;;\n    *) case $command:$prev in\n");
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        bash_choices(out, c->name, c->flags);
    }
    bash_choices(out, "*", proa_cli_common_flags);
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        bash_values(out, c->flags);
    }
    proa_cli_out_printf(out, "    *:--config | *:-c | *:--output) files=1 ;;\n"
                             "    completion:*) words='bash zsh fish' ;;\n"
                             "    help:*) words='");
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        proa_cli_out_printf(out, "%s%s", c == proa_cli_commands ? "" : " ", c->name);
    }
    proa_cli_out_printf(out, "' ;;\n    *) files=1\n        case $command in\n");
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        proa_cli_out_printf(out, "        %s) words='", c->name);
        bash_flags(out, c->flags);
        bash_flags(out, proa_cli_common_flags);
        proa_cli_out_printf(out, "' ;;\n");
    }
    proa_cli_out_printf(out, "        esac ;;\n    esac ;;\n    esac\n"
                             "    [[ $files = 1 && $word != -* ]] && words=\n"
                             "    [[ -n $words ]] && mapfile -t COMPREPLY < "
                             "<(compgen -W \"$words\" -- \"$word\")\n"
                             "    [[ $files = 1 && $word != -* ]] && mapfile -t COMPREPLY < "
                             "<(compgen -f -- \"$word\")\n"
                             "    return 0\n"
                             "}\n"
                             "complete -o filenames -F _proa proa\n");
}

/* ---- zsh ------------------------------------------------------------------------------------- */

/* Inside single quotes and _arguments' brackets. */
static void zsh_text(struct proa_cli_out *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'') {
            proa_cli_out_printf(out, "'\\''");
        } else if (*text == '[' || *text == ']' || *text == ':' || *text == '\\') {
            proa_cli_out_printf(out, "\\%c", *text);
        } else {
            proa_cli_out_printf(out, "%c", *text);
        }
    }
}

static void zsh_flags(struct proa_cli_out *out, const struct proa_cli_flag *flags)
{
    for (; flags->name; flags++) {
        proa_cli_out_printf(out, "            '*--%s%s[", flags->name, flags->arg ? "=" : "");
        zsh_text(out, flags->help);
        proa_cli_out_printf(out, "]");
        if (flags->choices) {
            proa_cli_out_printf(out, ":%s:(", flags->arg);
            for (const char *const *c = flags->choices; *c; c++) {
                proa_cli_out_printf(out, "%s%s", c == flags->choices ? "" : " ", *c);
            }
            proa_cli_out_printf(out, ")");
        } else if (flags->arg) {
            const bool file = strcmp(flags->arg, "PATH") == 0 || strcmp(flags->arg, "FILE") == 0;
            proa_cli_out_printf(out, ":%s:%s", flags->arg, file ? "_files" : " ");
        }
        proa_cli_out_printf(out, "' \\\n");
    }
}

static void zsh(struct proa_cli_out *out)
{
    proa_cli_out_printf(out, "#compdef proa\n_proa() {\n    local -a commands=(\n");
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        proa_cli_out_printf(out, "        '%s:", c->name);
        zsh_text(out, c->brief);
        proa_cli_out_printf(out, "'\n");
    }
    proa_cli_out_printf(out, "    )\n    if (( CURRENT == 2 )); then\n"
                             "        _describe command commands\n        return\n    fi\n"
                             "    local command=$words[2]\n    shift words\n"
                             "    (( CURRENT-- ))\n    case $command in\n");
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        proa_cli_out_printf(out, "    %s)\n        _arguments \\\n", c->name);
        zsh_flags(out, c->flags);
        zsh_flags(out, proa_cli_common_flags);
        if (strcmp(c->name, "help") == 0) {
            proa_cli_out_printf(out, "            '1:command:{_describe command commands}'");
        } else if (strcmp(c->name, "completion") == 0) {
            proa_cli_out_printf(out, "            '1:shell:(bash zsh fish)'");
        } else {
            proa_cli_out_printf(out, "            '*:file:_files'");
        }
        proa_cli_out_printf(out, " ;;\n");
    }
    proa_cli_out_printf(out, "    esac\n}\n[[ $zsh_eval_context[-1] == loadautofunc ]] && "
                             "_proa \"$@\" || compdef _proa proa\n");
}

/* ---- fish ------------------------------------------------------------------------------------ */

static void fish_text(struct proa_cli_out *out, const char *text)
{
    for (; *text; text++) {
        proa_cli_out_printf(out, *text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
    }
}

static void fish_flags(struct proa_cli_out *out, const char *condition,
                       const struct proa_cli_flag *flags)
{
    for (; flags->name; flags++) {
        proa_cli_out_printf(out, "complete -c proa -n '%s' -l %s", condition, flags->name);
        if (flags->letter) {
            proa_cli_out_printf(out, " -s %c", flags->letter);
        }
        if (flags->choices) {
            proa_cli_out_printf(out, " -xa '");
            for (const char *const *c = flags->choices; *c; c++) {
                proa_cli_out_printf(out, "%s%s", c == flags->choices ? "" : " ", *c);
            }
            proa_cli_out_printf(out, "'");
        } else if (flags->arg) {
            const bool file = strcmp(flags->arg, "PATH") == 0 || strcmp(flags->arg, "FILE") == 0;
            proa_cli_out_printf(out, file ? " -rF" : " -x");
        }
        proa_cli_out_printf(out, " -d '");
        fish_text(out, flags->help);
        proa_cli_out_printf(out, "'\n");
    }
}

static void fish(struct proa_cli_out *out)
{
    proa_cli_out_printf(out, "complete -c proa -f\n");
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        proa_cli_out_printf(out, "complete -c proa -n __fish_use_subcommand -a %s -d '", c->name);
        fish_text(out, c->brief);
        proa_cli_out_printf(out, "'\n");
    }
    fish_flags(out, "__fish_use_subcommand", proa_cli_program.flags);
    fish_flags(out, "true", proa_cli_common_flags);
    for (const struct proa_cli_command *c = proa_cli_commands; c->name; c++) {
        char condition[96];
        struct proa_buf text;
        proa_buf_init(&text, sizeof condition - 1);
        PROA_BUF_LIT(&text, "__fish_seen_subcommand_from ");
        (void)proa_buf_append_cstr(&text, c->name);
        memcpy(condition, text.ptr, text.len);
        condition[text.len] = '\0';
        proa_buf_deinit(&text);
        fish_flags(out, condition, c->flags);
    }
    proa_cli_out_printf(out, "complete -c proa -n '__fish_seen_subcommand_from validate' -F\n"
                             "complete -c proa -n '__fish_seen_subcommand_from completion' "
                             "-a 'bash zsh fish'\n");
}

void proa_cli_completion(struct proa_cli_out *out, const char *shell)
{
    if (strcmp(shell, "zsh") == 0) {
        zsh(out);
    } else if (strcmp(shell, "fish") == 0) {
        fish(out);
    } else {
        bash(out);
    }
}

int proa_cli_complete(struct proa_cli *cli)
{
    const char *shell = cli->args->n_operands > 0 ? cli->args->operands[0] : "";
    if (strcmp(shell, "bash") != 0 && strcmp(shell, "zsh") != 0 && strcmp(shell, "fish") != 0) {
        return proa_cli_usage(cli, "say for which shell: proa completion bash, zsh or fish");
    }
    proa_cli_completion(&cli->out, shell);
    return EX_OK;
}
