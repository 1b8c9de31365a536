#include "hex_priv.h"

#include <stddef.h>
#include <string.h>

#define ROW(h)                                                                                     \
    h "0" h "1" h "2" h "3" h "4" h "5" h "6" h "7" h "8" h "9" h "a" h "b" h "c" h "d" h "e" h "f"

static const char pairs[] = ROW("0") ROW("1") ROW("2") ROW("3") ROW("4") ROW("5") ROW("6") ROW("7")
    ROW("8") ROW("9") ROW("a") ROW("b") ROW("c") ROW("d") ROW("e") ROW("f");
_Static_assert(sizeof(pairs) == 2 * 256 + 1, "one pair for each byte");

void proa_hex_u64(char out[16], uint64_t value)
{
    for (size_t i = 0; i < 8; i++) {
        memcpy(out + 2 * i, pairs + 2 * (value >> (56 - 8 * i) & 0xff), 2);
    }
}
