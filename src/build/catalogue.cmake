# The tables of the catalogue, made of policies/models.json by a small program of ours that also
# checks the file. Sets PROA_CATALOGUE_TABLES; the program itself follows once the modules exist that it is
# made of, none of which may need the catalogue.
set(PROA_CATALOGUE_TABLES ${CMAKE_BINARY_DIR}/generated/catalogue.c)
add_custom_command(OUTPUT ${PROA_CATALOGUE_TABLES}
    COMMAND proa_make_catalogue policies/models.json ${PROA_CATALOGUE_TABLES}
    DEPENDS proa_make_catalogue ${CMAKE_SOURCE_DIR}/policies/models.json
    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
    COMMENT "Checking policies/models.json, making the tables of the catalogue" VERBATIM)

function(proa_add_make_catalogue)
    add_executable(proa_make_catalogue ${CMAKE_SOURCE_DIR}/src/build/catalogue.c
                   ${CMAKE_SOURCE_DIR}/src/catalogue/kind.c
                   ${CMAKE_SOURCE_DIR}/src/catalogue/names.c
                   ${CMAKE_SOURCE_DIR}/src/catalogue/price.c
                   ${CMAKE_SOURCE_DIR}/src/catalogue/source.c)
    target_include_directories(proa_make_catalogue PRIVATE ${CMAKE_SOURCE_DIR}/src/catalogue)
    target_compile_definitions(proa_make_catalogue PRIVATE _GNU_SOURCE)
    target_link_libraries(proa_make_catalogue PRIVATE proa_provider proa_json proa_core
                          proa_warnings proa_sanitize)
endfunction()
