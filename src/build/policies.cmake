# The files of policies/ as a C source, so that the binary alone suffices. Sets PROA_BUILTIN_POLICIES.
file(GLOB policies CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/policies/*.yaml)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${policies})
set(policy_arrays "")
set(policy_rows "")
set(n_policies 0)
foreach(policy IN LISTS policies)
    get_filename_component(name ${policy} NAME_WE)
    string(MAKE_C_IDENTIFIER policy_${name} id)
    file(READ ${policy} hex HEX)
    string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
    string(APPEND policy_arrays "static const unsigned char ${id}[] = {\n${hex}};\n")
    string(APPEND policy_rows "    {PROA_SLICE_INIT(\"${name}\"), \"policies/${name}.yaml\", ${id}, sizeof(${id})},\n")
    math(EXPR n_policies "${n_policies} + 1")
endforeach()
set(PROA_BUILTIN_POLICIES ${CMAKE_BINARY_DIR}/generated/policies.c)
file(CONFIGURE OUTPUT ${PROA_BUILTIN_POLICIES} @ONLY CONTENT "/* Generated from policies/. */
#include \"builtin_priv.h\"

${policy_arrays}
const struct proa_policy_builtin proa_policy_builtins[] = {
${policy_rows}};
const size_t proa_policy_n_builtins = ${n_policies};
")
