/* Makes system calls of a process fail, fall short or hang: LD_PRELOAD it.
 *
 * MLPS_SHIM names a folder. Its file `rules` has one rule a line:
 *     CALL SUBSTRING ACTION NUMBER
 *   CALL    open, read, write, sync, rename, clock or mincore
 *   ACTION  errno (fail with it), short (do half), zero (end of file),
 *           sleep (milliseconds first), step (seconds on the wall clock)
 *   A rule is for files whose path holds SUBSTRING; the clock has the path /, and
 *   so has mincore, which finds nothing in memory under any rule.
 * The rules hold while the folder has a file `armed`; `hit` is created when one
 * first takes effect.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define MOST_RULES 8
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

struct rule {
	char call[8], part[256], action[8];
	long number;
};

static struct rule rules[MOST_RULES];
static int rule_count;
static char armed[4096], hit[4096];

__attribute__((constructor)) static void read_rules(void)
{
	const char *folder = getenv("MLPS_SHIM");
	char path[4096];
	FILE *file;

	if (!folder)
		return;
	snprintf(armed, sizeof armed, "%s/armed", folder);
	snprintf(hit, sizeof hit, "%s/hit", folder);
	snprintf(path, sizeof path, "%s/rules", folder);
	file = fopen(path, "r");
	if (!file) {
		perror(path);
		abort();
	}
	while (rule_count < MOST_RULES) {
		struct rule *r = &rules[rule_count];
		if (fscanf(file, "%7s %255s %7s %ld", r->call, r->part, r->action,
			   &r->number) != 4)
			break;
		rule_count++;
	}
	fclose(file);
}

static const struct rule *rule_for(const char *call, const char *path)
{
	for (int i = 0; i < rule_count; i++) {
		const struct rule *r = &rules[i];
		int saved = errno, fd;
		if (strcmp(r->call, call) || !strstr(path, r->part))
			continue;
		if (access(armed, F_OK)) {
			errno = saved;
			continue;
		}
		fd = REAL(open)(hit, O_WRONLY | O_CREAT | O_EXCL, 0644);
		if (fd >= 0)
			close(fd);
		errno = saved;
		return r;
	}
	return NULL;
}

static int knows(const char *call)
{
	for (int i = 0; i < rule_count; i++)
		if (!strcmp(rules[i].call, call))
			return 1;
	return 0;
}

static const struct rule *rule_for_fd(const char *call, int fd)
{
	char link[64], path[4096];
	ssize_t length;

	if (!knows(call))
		return NULL;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	length = readlink(link, path, sizeof path - 1);
	if (length < 0)
		return NULL;
	path[length] = 0;
	return rule_for(call, path);
}

/* What the rule makes of a transfer: 1 and *result, or 0 and a size to do. */
static int decided(const struct rule *r, size_t *size, ssize_t *result)
{
	if (!r)
		return 0;
	if (!strcmp(r->action, "errno")) {
		errno = r->number;
		*result = -1;
		return 1;
	}
	if (!strcmp(r->action, "zero")) {
		*result = 0;
		return 1;
	}
	if (!strcmp(r->action, "short"))
		*size = (*size + 1) / 2;
	if (!strcmp(r->action, "sleep")) {
		struct timespec left = {r->number / 1000,
					r->number % 1000 * 1000000};
		while (nanosleep(&left, &left))
			;
	}
	return 0;
}

static int failed(const struct rule *r)
{
	size_t size = 0;
	ssize_t result = 0;
	return decided(r, &size, &result) && result < 0;
}

ssize_t read(int fd, void *buffer, size_t size)
{
	ssize_t result;
	if (decided(rule_for_fd("read", fd), &size, &result))
		return result;
	return REAL(read)(fd, buffer, size);
}

ssize_t pread64(int fd, void *buffer, size_t size, off64_t offset)
{
	ssize_t result;
	if (decided(rule_for_fd("read", fd), &size, &result))
		return result;
	return REAL(pread64)(fd, buffer, size, offset);
}

/* CPython reads with it; a list cut to its first buffer is a short read, too. */
ssize_t preadv64v2(int fd, const struct iovec *parts, int count, off64_t offset,
		   int flags)
{
	struct iovec first = parts[0];
	ssize_t result;
	if (decided(rule_for_fd("read", fd), &first.iov_len, &result))
		return result;
	if (first.iov_len < parts[0].iov_len)
		return REAL(preadv64v2)(fd, &first, 1, offset, flags);
	return REAL(preadv64v2)(fd, parts, count, offset, flags);
}

ssize_t write(int fd, const void *buffer, size_t size)
{
	ssize_t result;
	if (decided(rule_for_fd("write", fd), &size, &result))
		return result;
	return REAL(write)(fd, buffer, size);
}

int fsync(int fd)
{
	return failed(rule_for_fd("sync", fd)) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd)
{
	return failed(rule_for_fd("sync", fd)) ? -1 : REAL(fdatasync)(fd);
}

int rename(const char *from, const char *to)
{
	return failed(rule_for("rename", to)) ? -1 : REAL(rename)(from, to);
}

int open64(const char *path, int flags, ...)
{
	mode_t mode = 0;
	va_list rest;
	va_start(rest, flags);
	if (flags & (O_CREAT | O_TMPFILE))
		mode = va_arg(rest, mode_t);
	va_end(rest);
	return failed(rule_for("open", path)) ? -1 : REAL(open64)(path, flags, mode);
}

static long step_s(void)
{
	const struct rule *r = knows("clock") ? rule_for("clock", "/") : NULL;
	return r ? r->number : 0;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
	int result = REAL(clock_gettime)(clock, now);
	if (clock == CLOCK_REALTIME)
		now->tv_sec += step_s();
	return result;
}

time_t time(time_t *now)
{
	time_t result = REAL(time)(NULL) + step_s();
	if (now)
		*now = result;
	return result;
}

int mincore(void *start, size_t size, unsigned char *found)
{
	int result = REAL(mincore)(start, size, found);
	size_t page = sysconf(_SC_PAGESIZE);
	if (!result && knows("mincore") && rule_for("mincore", "/"))
		memset(found, 0, (size + page - 1) / page);
	return result;
}
