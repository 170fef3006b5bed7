#include "system/memory.h"

#include <link.h>
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

/* What is writable has been written to: relocations, variables. The kernel refuses for its vDSO, which is no file. */
static int forget_object(struct dl_phdr_info *object, size_t size, void *unused)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    (void)size;
    (void)unused;
    if (is_changed(object))
        return 0;
    for (size_t i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &object->dlpi_phdr[i];
        size_t start = (object->dlpi_addr + segment->p_vaddr) & ~(page - 1);
        size_t end = object->dlpi_addr + segment->p_vaddr + segment->p_filesz;
        if (segment->p_type == PT_LOAD && !(segment->p_flags & PF_W))
            madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void memory_forget_code(void)
{
    dl_iterate_phdr(forget_object, NULL);
}
