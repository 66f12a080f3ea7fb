// SPDX-License-Identifier: ISC
#include "common/free_memory.hh"

#include <cstddef>
#include <cstdlib>
#include <functional>
#include <new>
#include <unistd.h>

// Of what a sanitizer puts in place of malloc(3) nothing is known.
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__)
#include <malloc.h>
#define SUITE_KNOWS_MALLOC
#endif

namespace common {

#ifdef SUITE_KNOWS_MALLOC

void give_back_free_memory() noexcept { ::malloc_trim(0); }

void use_up_free_memory() noexcept {
    struct Block {
        Block* before;
    };
    static Block* last = nullptr;
    constexpr std::size_t largest = 64 << 10, smallest = 16; // bytes; beyond that each is mapped by itself
    give_back_free_memory(); // what is free at the end, too: behind this all is new
    const void* const end = ::sbrk(0);
    for (std::size_t size = largest; size >= smallest; size /= 2)
        for (;;) {
            void* const room = std::malloc(size);
            if (room == nullptr || !std::less<const void*>{}(room, end)) {
                std::free(room);
                break;
            }
            last = new (room) Block{last};
        }
}

#else

void give_back_free_memory() noexcept {}
void use_up_free_memory() noexcept {}

#endif

} // namespace common
