/* Makes this processor look older to the program that loads it: `LD_PRELOAD=… ZIZHI_PROCESSOR=AVX2 program`.

   Linux can have the CPUID instruction fault on Intel processors (arch_prctl(2), ARCH_SET_CPUID;
   /proc/cpuinfo then says `cpuid_fault`). Each fault is answered here with what the processor says of
   itself, without AVX-512 and what came later, and with SSE4.2 without AVX too. A program that sets a
   handler of its own for SIGSEGV, as pytest's faulthandler does, undoes this. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#define ARCH_SET_CPUID 0x1012
#define BIT(n) (1u << (n))

static int with_avx;

static void let_cpuid(unsigned long pass) { syscall(SYS_arch_prctl, ARCH_SET_CPUID, pass); }

static void answer(int number, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  const unsigned char *code = (const unsigned char *)registers[REG_RIP];
  (void)number, (void)info;
  if (code[0] != 0x0f || code[1] != 0xa2) { /* not CPUID: a fault of the program's own */
    signal(SIGSEGV, SIG_DFL);
    return;
  }
  unsigned leaf = registers[REG_RAX], part = registers[REG_RCX], a = leaf, b, c = part, d;
  let_cpuid(1);
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  let_cpuid(0);
  if (leaf == 7 && part == 0) {
    b &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31)); /* AVX-512 */
    c &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14));
    d &= ~(BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25)); /* and AMX */
    if (!with_avx) {
      b &= ~BIT(5);                        /* AVX2 */
      c &= ~(BIT(8) | BIT(9) | BIT(10));   /* GFNI, VAES, VPCLMULQDQ */
    }
  }
  if (leaf == 7 && part == 1) a &= ~(BIT(4) | BIT(5) | BIT(21) | BIT(23)), d = 0; /* bfloat16 and more */
  if (leaf == 1 && !with_avx) c &= ~(BIT(12) | BIT(26) | BIT(27) | BIT(28) | BIT(29)); /* FMA, AVX, F16C */
  registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
  registers[REG_RIP] += 2;
}

__attribute__((constructor)) static void begin(void) {
  const char *processor = getenv("ZIZHI_PROCESSOR");
  if (!processor) return;
  with_avx = strcmp(processor, "SSE4.2") != 0;
  struct sigaction action = {0};
  action.sa_sigaction = answer;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaction(SIGSEGV, &action, NULL);
  let_cpuid(0);
}
