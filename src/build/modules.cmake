# One static library per row of src/layers.txt, linked to exactly the modules its row names.
file(STRINGS ${CMAKE_SOURCE_DIR}/src/layers.txt rows REGEX "^[0-9]")
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/layers.txt)
set(PROA_MODULES)
include(${CMAKE_SOURCE_DIR}/src/build/policies.cmake)
include(${CMAKE_SOURCE_DIR}/src/build/catalogue.cmake)

# What no request runs through: small rather than fast.
set(PROA_SMALL cli app config mock)

foreach(row IN LISTS rows)
    string(REGEX REPLACE "[ \t]+" ";" field "${row}")
    list(GET field 1 module)
    list(GET field 2 imports)
    list(GET field 3 outside)
    string(REPLACE "," ";" imports "${imports}")
    string(REPLACE "," ";" outside "${outside}")

    file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${module}/*.c)
    list(FILTER sources EXCLUDE REGEX "/main\\.c$")
    if(module STREQUAL "policy")
        list(APPEND sources ${PROA_BUILTIN_POLICIES})
    endif()
    if(module STREQUAL "catalogue")
        list(APPEND sources ${PROA_CATALOGUE_TABLES})
    endif()
    if(sources)
        add_library(proa_${module} STATIC ${sources})
        target_include_directories(proa_${module} PUBLIC ${CMAKE_SOURCE_DIR}/include
                                   PRIVATE ${CMAKE_SOURCE_DIR}/src/${module})
        target_compile_definitions(proa_${module} PRIVATE _GNU_SOURCE)
        target_link_libraries(proa_${module} PRIVATE proa_warnings proa_hardening
                              PUBLIC proa_sanitize)
        if(module IN_LIST PROA_SMALL)
            target_compile_options(proa_${module} PRIVATE $<$<CONFIG:Release>:-Os>)
        endif()
        if(module STREQUAL "sim")
            # A model may use floating point, rounded as it is written. sqrt is an instruction: where
            # the compiler makes it one, libm is not needed and not loaded.
            target_compile_options(proa_${module} PRIVATE -ffp-contract=off -fno-math-errno)
            target_link_libraries(proa_${module} PUBLIC m)
        endif()
        set(scope PUBLIC)
    else() # headers only
        add_library(proa_${module} INTERFACE)
        target_include_directories(proa_${module} INTERFACE ${CMAKE_SOURCE_DIR}/include)
        set(scope INTERFACE)
    endif()
    foreach(import IN LISTS imports)
        if(TARGET proa_${import})
            target_link_libraries(proa_${module} ${scope} proa_${import})
        endif()
    endforeach()
    foreach(lib IN LISTS outside)
        if(NOT lib STREQUAL "-")
            pkg_check_modules(dep_${lib} REQUIRED IMPORTED_TARGET ${lib})
            target_link_libraries(proa_${module} PRIVATE PkgConfig::dep_${lib})
        endif()
    endforeach()
    list(APPEND PROA_MODULES ${module})
endforeach()
proa_add_make_catalogue()

# For processors that have large vectors; whether one does is asked when it runs.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|amd64|AMD64)$")
    set_source_files_properties(${CMAKE_SOURCE_DIR}/src/core/hash_wide.c PROPERTIES
                                COMPILE_OPTIONS "-mavx2")
endif()

# What `proa --version` says. Found out when CMake runs; -DPROA_REVISION=... where there is no .git.
set(PROA_REVISION "" CACHE STRING "revision of the sources; empty = ask git")
set(revision "${PROA_REVISION}")
find_package(Git QUIET)
if(NOT revision AND GIT_FOUND)
    execute_process(COMMAND ${GIT_EXECUTABLE} describe --always --dirty --abbrev=12
                    WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_VARIABLE revision
                    OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endif()
if(NOT revision)
    set(revision "unknown")
endif()
set_source_files_properties(${CMAKE_SOURCE_DIR}/src/core/version.c PROPERTIES COMPILE_DEFINITIONS
    "PROA_VERSION=\"${PROJECT_VERSION}\";PROA_REVISION=\"${revision}\"")
