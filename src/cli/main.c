#include "proa/cli/cli.h"

int main(int argc, char **argv)
{
    return proa_cli_main(argc, argv);
}
