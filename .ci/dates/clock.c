/*
 * A clock that is SHIFT_SECONDS ahead, for the process that preloads this and for those that it starts. Go and the ClickHouse
 * engine read the clock through the vDSO, which no library can stand in for: its functions themselves are replaced.
 * Only the time of day moves; what measures durations stays. Linux on amd64.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

static long shift;

static long kernel(long clock, struct timespec *ts) {
	long got;
	__asm__ volatile("syscall" : "=a"(got) : "a"(SYS_clock_gettime), "D"(clock), "S"(ts) : "rcx", "r11", "memory");
	return got;
}

static int shifted_clock_gettime(clockid_t clock, struct timespec *ts) {
	long got = kernel(clock, ts);
	if (got == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) ts->tv_sec += shift;
	return got;
}

static int shifted_gettimeofday(struct timeval *tv, void *tz) {
	struct timespec ts;
	(void)tz;
	kernel(CLOCK_REALTIME, &ts);
	if (tv) {
		tv->tv_sec = ts.tv_sec + shift;
		tv->tv_usec = ts.tv_nsec / 1000;
	}
	return 0;
}

static time_t shifted_time(time_t *into) {
	struct timespec ts;
	kernel(CLOCK_REALTIME, &ts);
	ts.tv_sec += shift;
	if (into) *into = ts.tv_sec;
	return ts.tv_sec;
}

static void jump(uintptr_t from, void *to) {
	unsigned char code[12] = {0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xe0}; /* mov rax, to; jmp rax */
	memcpy(code + 2, &to, sizeof to);
	memcpy((void *)from, code, sizeof code);
}

__attribute__((constructor)) static void patch(void) {
	const char *text = getenv("SHIFT_SECONDS");
	if (!text || !(shift = atol(text))) return;
	uintptr_t base = getauxval(AT_SYSINFO_EHDR);
	if (!base) abort();
	const ElfW(Ehdr) *header = (void *)base;
	const ElfW(Phdr) *segment = (void *)(base + header->e_phoff);
	const ElfW(Dyn) *dynamic = NULL;
	uintptr_t load = base, end = base;
	for (int i = 0; i < header->e_phnum; i++) {
		if (segment[i].p_type == PT_LOAD) {
			load = base + segment[i].p_offset - segment[i].p_vaddr;
			end = base + segment[i].p_offset + segment[i].p_memsz;
		}
		if (segment[i].p_type == PT_DYNAMIC) dynamic = (void *)(base + segment[i].p_offset);
	}
	const ElfW(Sym) *symbols = NULL;
	const char *names = NULL;
	for (; dynamic && dynamic->d_tag != DT_NULL; dynamic++) {
		if (dynamic->d_tag == DT_SYMTAB) symbols = (void *)(load + dynamic->d_un.d_ptr);
		if (dynamic->d_tag == DT_STRTAB) names = (void *)(load + dynamic->d_un.d_ptr);
	}
	uintptr_t first = base & ~4095ul;
	if (!symbols || !names || mprotect((void *)first, end - first, PROT_READ | PROT_WRITE | PROT_EXEC)) abort();
	/* The string table follows the symbols. */
	for (const ElfW(Sym) *s = symbols; (const char *)s < names; s++) {
		const char *name = names + s->st_name;
		if (!strcmp(name, "__vdso_clock_gettime")) jump(load + s->st_value, (void *)shifted_clock_gettime);
		if (!strcmp(name, "__vdso_gettimeofday")) jump(load + s->st_value, (void *)shifted_gettimeofday);
		if (!strcmp(name, "__vdso_time")) jump(load + s->st_value, (void *)shifted_time);
	}
}
