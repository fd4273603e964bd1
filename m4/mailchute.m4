dnl Probes for compiler and linker flags.  A flag is taken only when a program
dnl that uses it compiles and links without a warning: a compiler may accept a
dnl flag that its linker, or its runtime, then cannot serve.

dnl MC_TRY_CFLAG(FLAG, VARIABLE)
dnl Appends FLAG to VARIABLE when it works.
AC_DEFUN([MC_TRY_CFLAG], [
AS_VAR_PUSHDEF([mc_cv], [mc_cv_cflag_$1])
AC_CACHE_CHECK([whether $CC takes $1], [mc_cv], [
    mc_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror $1"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([[#include <stdio.h>]],
        [[char b[64]; snprintf(b, sizeof(b), "%d", (int)sizeof(b));
          return b[0] == 0;]])],
        [AS_VAR_SET([mc_cv], [yes])], [AS_VAR_SET([mc_cv], [no])])
    CFLAGS=$mc_save_CFLAGS])
AS_VAR_IF([mc_cv], [yes], [$2="$$2 $1"])
AS_VAR_POPDEF([mc_cv])])

dnl MC_TRY_LDFLAG(FLAG, VARIABLE)
AC_DEFUN([MC_TRY_LDFLAG], [
AS_VAR_PUSHDEF([mc_cv], [mc_cv_ldflag_$1])
AC_CACHE_CHECK([whether the linker takes $1], [mc_cv], [
    mc_save_LDFLAGS=$LDFLAGS
    LDFLAGS="$LDFLAGS -Werror $1"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([], [])],
        [AS_VAR_SET([mc_cv], [yes])], [AS_VAR_SET([mc_cv], [no])])
    LDFLAGS=$mc_save_LDFLAGS])
AS_VAR_IF([mc_cv], [yes], [$2="$$2 $1"])
AS_VAR_POPDEF([mc_cv])])

AC_DEFUN([MC_WARNINGS], [
m4_foreach_w([mc_flag], [-Wall -Wextra -Wshadow -Wstrict-prototypes
    -Wmissing-prototypes -Wmissing-declarations -Wold-style-definition
    -Wpointer-arith -Wcast-qual -Wwrite-strings -Wformat=2 -Wundef -Wvla
    -Wswitch-enum -Wimplicit-fallthrough -Wimplicit-fallthrough=5
    -Wnull-dereference -Wduplicated-cond -Wlogical-op -Walloca],
    [MC_TRY_CFLAG(mc_flag, [WARN_CFLAGS])])
# Sanitizers put red zones around every array: their frames say nothing.
AS_IF([test "x$enable_sanitizers" != xyes],
    [MC_TRY_CFLAG([-Wframe-larger-than=16384], [WARN_CFLAGS])])
AS_IF([test "x$enable_werror" = xyes], [WARN_CFLAGS="$WARN_CFLAGS -Werror"])
AC_SUBST([WARN_CFLAGS])])

dnl _FORTIFY_SOURCE needs optimisation and quarrels with sanitizers.
AC_DEFUN([MC_HARDENING], [
AS_IF([test "x$enable_hardening" != xno], [
    m4_foreach_w([mc_flag], [-fPIE -fstack-protector-strong
        -fstack-clash-protection -fcf-protection=full
        -ftrivial-auto-var-init=zero -fno-strict-overflow
        -fno-delete-null-pointer-checks],
        [MC_TRY_CFLAG(mc_flag, [HARDEN_CFLAGS])])
    dnl In a list these would fall apart at their commas.
    MC_TRY_LDFLAG([-pie], [HARDEN_LDFLAGS])
    MC_TRY_LDFLAG([-Wl,-z,relro], [HARDEN_LDFLAGS])
    MC_TRY_LDFLAG([-Wl,-z,now], [HARDEN_LDFLAGS])
    MC_TRY_LDFLAG([-Wl,-z,noexecstack], [HARDEN_LDFLAGS])
    AS_IF([test "x$enable_sanitizers" != xyes], [
        mc_before=$HARDEN_CFLAGS
        MC_TRY_CFLAG([-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3], [HARDEN_CFLAGS])
        AS_IF([test "x$HARDEN_CFLAGS" = "x$mc_before"],
            [MC_TRY_CFLAG([-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2],
                [HARDEN_CFLAGS])])])])
MC_TRY_LDFLAG([-Wl,--as-needed], [HARDEN_LDFLAGS])
AC_SUBST([HARDEN_CFLAGS])
AC_SUBST([HARDEN_LDFLAGS])])

AC_DEFUN([MC_SANITIZERS], [
AS_IF([test "x$enable_sanitizers" = xyes], [
    SAN_FLAGS="-fsanitize=address,undefined -fno-sanitize-recover=all"
    SAN_FLAGS="$SAN_FLAGS -fno-omit-frame-pointer"])
AC_SUBST([SAN_FLAGS])])

dnl Fuzzing needs every object of ours built for coverage, so that it wants a
dnl build folder of its own.
AC_DEFUN([MC_FUZZING], [
AS_IF([test "x$enable_fuzzing" = xyes], [
    mc_before=$SAN_FLAGS
    SAN_FLAGS=
    MC_TRY_CFLAG([-fsanitize=fuzzer-no-link], [SAN_FLAGS])
    AS_IF([test "x$SAN_FLAGS" = x],
        [AC_MSG_ERROR([--enable-fuzzing needs clang with libFuzzer:
    configure CC=clang --enable-sanitizers --enable-fuzzing])])
    SAN_FLAGS="$mc_before $SAN_FLAGS"
    FUZZ_LIBS=-fsanitize=fuzzer])
AC_SUBST([FUZZ_LIBS])
AM_CONDITIONAL([FUZZING], [test "x$enable_fuzzing" = xyes])])

dnl A test counts basic blocks; it has the function that each of them calls.
AC_DEFUN([MC_TRACE_PC], [
AC_CACHE_CHECK([whether $CC can have basic blocks counted], [mc_cv_trace_pc], [
    mc_save_CFLAGS=$CFLAGS
    CFLAGS="$CFLAGS -Werror -fsanitize-coverage=trace-pc"
    AC_LINK_IFELSE([AC_LANG_SOURCE([[
        void __sanitizer_cov_trace_pc(void);
        void __sanitizer_cov_trace_pc(void) { }
        int main(void) { return 0; }]])],
        [mc_cv_trace_pc=yes], [mc_cv_trace_pc=no])
    CFLAGS=$mc_save_CFLAGS])
AM_CONDITIONAL([HAVE_TRACE_PC], [test "x$mc_cv_trace_pc" = xyes])])
