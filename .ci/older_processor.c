/* Makes this processor look older to the programs that load it: `LD_AUDIT=… ZIZHI_PROCESSOR=AVX2
   ZIZHI_CPUID_PLACES=… program`. .ci/older_processor.py compiles it and sets these.

   A library chooses its code by the CPUID instruction. The dynamic linker calls la_objopen (rtld-audit(7))
   after it has mapped a library and before the library's own code runs. There each CPUID is replaced by
   UD2, which is as long and faults. Each fault is answered with what the processor says of itself, without
   AVX-512 and what came later, and with SSE4.2 without AVX too. The file of places has a line
   `path address address …` for each library; addresses are hexadecimal and as linked. */
#define _GNU_SOURCE
#include <link.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#define BIT(n) (1u << (n))
#define EXIT_BROKEN 70

static int with_avx;

static void answer(int number, siginfo_t *info, void *context) {
  greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
  const unsigned char *code = (const unsigned char *)registers[REG_RIP];
  (void)number, (void)info;
  if (code[0] != 0x0f || code[1] != 0x0b) { /* a fault of the program's own */
    signal(SIGILL, SIG_DFL);
    return;
  }
  unsigned leaf = registers[REG_RAX], part = registers[REG_RCX], a = leaf, b, c = part, d;
  __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
  if (leaf == 7 && part == 0) {
    b &= ~(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31)); /* AVX-512 */
    c &= ~(BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14));
    d &= ~(BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | BIT(24) | BIT(25)); /* and AMX */
    if (!with_avx) {
      b &= ~BIT(5);                      /* AVX2 */
      c &= ~(BIT(8) | BIT(9) | BIT(10)); /* GFNI, VAES, VPCLMULQDQ */
    }
  }
  if (leaf == 7 && part == 1) a &= ~(BIT(4) | BIT(5) | BIT(21) | BIT(23)), d = 0; /* bfloat16 and more */
  if (leaf == 1 && !with_avx) c &= ~(BIT(12) | BIT(26) | BIT(27) | BIT(28) | BIT(29)); /* FMA, AVX, F16C */
  registers[REG_RAX] = a, registers[REG_RBX] = b, registers[REG_RCX] = c, registers[REG_RDX] = d;
  registers[REG_RIP] += 2;
}

unsigned la_version(unsigned version) {
  const char *processor = getenv("ZIZHI_PROCESSOR");
  with_avx = !processor || strcmp(processor, "SSE4.2") != 0;
  struct sigaction action = {0};
  action.sa_sigaction = answer;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
  sigaction(SIGILL, &action, NULL);
  return version;
}

static void replace(unsigned char *code) {
  uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), first = (uintptr_t)code & ~(page - 1);
  size_t length = (uintptr_t)code + 2 - first;
  if (code[0] != 0x0f || code[1] != 0xa2) _exit(EXIT_BROKEN); /* the places are another version's */
  if (mprotect((void *)first, length, PROT_READ | PROT_WRITE | PROT_EXEC)) _exit(EXIT_BROKEN);
  code[1] = 0x0b;
  if (mprotect((void *)first, length, PROT_READ | PROT_EXEC)) _exit(EXIT_BROKEN);
}

unsigned la_objopen(struct link_map *map, Lmid_t list, uintptr_t *cookie) {
  (void)list, (void)cookie;
  char *path = map->l_name && *map->l_name ? realpath(map->l_name, NULL) : NULL;
  FILE *places = path ? fopen(getenv("ZIZHI_CPUID_PLACES"), "r") : NULL;
  char *line = NULL, *at;
  size_t room = 0;
  if (path && !places) _exit(EXIT_BROKEN);
  while (path && getline(&line, &room, places) > 0) {
    size_t length = strlen(path);
    if (strncmp(line, path, length) || line[length] != ' ') continue;
    for (at = line + length; *at == ' ';) replace((unsigned char *)map->l_addr + strtoul(at, &at, 16));
  }
  if (places) fclose(places);
  free(line), free(path);
  return 0;
}
