# Compiler and linker flags as INTERFACE targets: proa_warnings, proa_hardening, proa_sanitize.
include(CheckCCompilerFlag)
include(CheckCSourceCompiles)
include(CheckLinkerFlag)

add_library(proa_warnings INTERFACE)
target_compile_options(proa_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wdouble-promotion
    -Wformat=2 -Wundef -Wvla -Walloca -Wcast-qual -Wcast-align -Wpointer-arith -Wwrite-strings
    -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wredundant-decls
    -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference -Wfloat-equal
    -Wframe-larger-than=8192)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(proa_warnings INTERFACE
        -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wjump-misses-init
        -Warith-conversion)
else()
    target_compile_options(proa_warnings INTERFACE
        -Wcomma -Wassign-enum -Wconditional-uninitialized -Wmissing-variable-declarations
        -Wunreachable-code)
endif()
if(PROA_WERROR)
    target_compile_options(proa_warnings INTERFACE -Werror)
endif()
if(PROA_ANALYZE)
    target_compile_options(proa_warnings INTERFACE -fanalyzer)
endif()

add_library(proa_sanitize INTERFACE)
if(PROA_SANITIZE)
    target_compile_options(proa_sanitize INTERFACE
        -fsanitize=${PROA_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(proa_sanitize INTERFACE -fsanitize=${PROA_SANITIZE})
    target_compile_definitions(proa_sanitize INTERFACE PROA_DEBUG=1)
endif()
if(PROA_COVERAGE)
    target_compile_options(proa_sanitize INTERFACE --coverage)
    target_link_options(proa_sanitize INTERFACE --coverage)
endif()

add_library(proa_hardening INTERFACE)
target_compile_options(proa_hardening INTERFACE
    -fno-common -fPIE -fno-delete-null-pointer-checks -fno-strict-overflow
    -Werror=format-security -Werror=implicit)
target_link_options(proa_hardening INTERFACE
    -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed)
if(NOT PROA_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(proa_hardening INTERFACE
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fstack-protector-strong
        -fstack-clash-protection)
    foreach(flag -fcf-protection=full -ftrivial-auto-var-init=zero -fstrict-flex-arrays=3)
        string(MAKE_C_IDENTIFIER "have${flag}" have)
        check_c_compiler_flag(${flag} ${have})
        if(${have})
            target_compile_options(proa_hardening INTERFACE ${flag})
        endif()
    endforeach()
endif()

# Relocations of pointers in tables as a bitmap: 4 KB instead of 170 KB that every start reads.
# The loader must know them, which glibc does from 2.36 on.
check_c_source_compiles("#include <features.h>
    #if !__GLIBC_PREREQ(2, 36)
    #error the loader does not know DT_RELR
    #endif
    int main(void) { return 0; }" have_loader_relr)
check_linker_flag(C -Wl,-z,pack-relative-relocs have_linker_relr)
if(have_loader_relr AND have_linker_relr AND NOT PROA_TESTS)
    target_link_options(proa_hardening INTERFACE -Wl,-z,pack-relative-relocs)
endif()

# gold links the many programs of the tests in half the time; where there is none, the usual one does.
if(PROA_TESTS)
    check_linker_flag(C -fuse-ld=gold have_gold)
    if(have_gold)
        add_link_options(-fuse-ld=gold)
    endif()
endif()
