#include "system/memory.h"

#include <errno.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* What the limits refuse to malloc(3), they refuse here. */
bool memory_is_there(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        return false;
    munmap(memory, size);
    return true;
}

static int is_of_a_host(struct dl_phdr_info *object, size_t size, void *unused)
{
    (void)size;
    (void)unused;
    return strstr(object->dlpi_name, "/vgpreload_") || strstr(object->dlpi_name, "san.so");
}

bool memory_has_a_host(void)
{
    return dl_iterate_phdr(is_of_a_host, NULL) != 0;
}

/* --- giving back ------------------------------------------------------------------------------------------------- */

/* What is not given back, in its order. */
struct kept {
    struct {
        uintptr_t start, end;
    } range[256];
    size_t count;
    bool knows_all; /* and there was room */
};

static void keep(struct kept *kept, uintptr_t start, uintptr_t end)
{
    size_t at = kept->count;

    if (at == sizeof kept->range / sizeof *kept->range) {
        kept->knows_all = false;
        return;
    }
    for (; at > 0 && kept->range[at - 1].start > start; at--)
        kept->range[at] = kept->range[at - 1];
    kept->range[at].start = start;
    kept->range[at].end = end;
    kept->count++;
}

/* Code that ld.so has changed, which the page cache does not have; not usual on any platform of 64 bits. */
static bool is_changed(const struct dl_phdr_info *object)
{
    const ElfW(Dyn) *entry = NULL;

    for (size_t i = 0; i < object->dlpi_phnum; i++)
        if (object->dlpi_phdr[i].p_type == PT_DYNAMIC)
            entry = (const void *)(object->dlpi_addr + object->dlpi_phdr[i].p_vaddr);
    for (; entry && entry->d_tag != DT_NULL; entry++)
        if (entry->d_tag == DT_TEXTREL || (entry->d_tag == DT_FLAGS && (entry->d_un.d_val & DF_TEXTREL)))
            return true;
    return false;
}

static int keep_object(struct dl_phdr_info *object, size_t size, void *data)
{
    struct kept *kept = data;
    bool all = is_changed(object);

    (void)size;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        uintptr_t start = object->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && (all || (segment->p_flags & PF_W)))
            keep(kept, start, start + segment->p_memsz);
    }
    return 0;
}

/* What is the thread's own, as errno is, lies together; how much it is, nobody tells. */
static void keep_thread(struct kept *kept)
{
    enum { NEAR = 256 << 10 };
    uintptr_t own = (uintptr_t)&errno;

    keep(kept, own - NEAR, own + NEAR);
}

void memory_forget(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), from = page;
    struct kept kept = {.knows_all = !memory_has_a_host()};

    dl_iterate_phdr(keep_object, &kept);
    keep_thread(&kept);
    /* the stack, and what is above */
    keep(&kept, (uintptr_t)__builtin_frame_address(0) - 16 * page, UINTPTR_MAX - page);
    for (size_t i = 0; kept.knows_all && i < kept.count; i++) {
        uintptr_t start = kept.range[i].start & ~(page - 1), end = (kept.range[i].end + page - 1) & ~(page - 1);
        if (start > from)
            (void)!madvise((void *)from, start - from, MADV_DONTNEED); /* ENOMEM: nothing is there, or in between */
        from = end > from ? end : from;
    }
}
