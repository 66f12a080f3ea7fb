// SPDX-License-Identifier: ISC
// Packing a struct of five fields with pack::Struct, by hand, and with CPython's struct module (servers/
// pack_by_python.py), all in nanoseconds for one.
#include "common/errors.hh"
#include "common/pack/pack.hh"
#include "common/text.hh"
#include "tests/bench/connection.hh"
#include "tests/bench/contest.hh"
#include "tests/bench/parts.hh"
#include "tests/bench/rows.hh"

#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <endian.h>
#include <memory>

namespace bench {
namespace {

using Packed = pack::Struct<"!IHHq16s">;
using Buffer = std::array<char, Packed::size>;

struct Values {
    std::uint32_t a;
    std::uint16_t b, c;
    std::int64_t d;
    std::array<char, 16> e;
};

// Whatever is at the place may have been read and changed here: the compiler must have it in memory.
void touch(void* place) { asm volatile("" : : "g"(place) : "memory"); } // NOLINT(hicpp-no-assembler)

double nanoseconds_of(std::chrono::milliseconds duration, const auto& step) {
    constexpr int at_once = 100'000;
    const auto start = std::chrono::steady_clock::now();
    std::chrono::duration<double, std::nano> passed{};
    double steps = 0;
    while (passed < duration) {
        for (int i = 0; i < at_once; ++i) step();
        steps += at_once;
        passed = std::chrono::steady_clock::now() - start;
    }
    return passed.count() / steps;
}

double pack_with_suite(std::chrono::milliseconds duration, Values& values) {
    Buffer buffer{};
    return nanoseconds_of(duration, [&] {
        touch(&values);
        Packed::pack_into(buffer, 0, values.a, values.b, values.c, values.d,
                          {values.e.data(), values.e.size()});
        touch(buffer.data());
    });
}

double pack_by_hand(std::chrono::milliseconds duration, Values& values) {
    Buffer buffer{};
    return nanoseconds_of(duration, [&] {
        touch(&values);
        const std::uint32_t a = htonl(values.a);
        const std::uint16_t b = htons(values.b), c = htons(values.c);
        const std::uint64_t d = htobe64(static_cast<std::uint64_t>(values.d));
        std::memcpy(buffer.data(), &a, 4);
        std::memcpy(buffer.data() + 4, &b, 2);
        std::memcpy(buffer.data() + 6, &c, 2);
        std::memcpy(buffer.data() + 8, &d, 8);
        std::memcpy(buffer.data() + 16, values.e.data(), 16);
        touch(buffer.data());
    });
}

double unpack_with_suite(std::chrono::milliseconds duration, Buffer buffer) {
    Packed::Tuple values{};
    return nanoseconds_of(duration, [&] {
        touch(buffer.data());
        values = Packed::unpack(buffer);
        touch(&values);
    });
}

double unpack_by_hand(std::chrono::milliseconds duration, Buffer buffer) {
    Values values{};
    return nanoseconds_of(duration, [&] {
        touch(buffer.data());
        std::uint64_t d = 0;
        std::memcpy(&values.a, buffer.data(), 4);
        std::memcpy(&values.b, buffer.data() + 4, 2);
        std::memcpy(&values.c, buffer.data() + 6, 2);
        std::memcpy(&d, buffer.data() + 8, 8);
        std::memcpy(values.e.data(), buffer.data() + 16, 16);
        values.a = ntohl(values.a);
        values.b = ntohs(values.b);
        values.c = ntohs(values.c);
        values.d = static_cast<std::int64_t>(be64toh(d));
        touch(&values);
    });
}

// What: pack or unpack.
double ask_python(const Setting& setting, const std::string& what) {
    const std::string command = "/usr/bin/python3 " + setting.sources + "/servers/pack_by_python.py " + what;
    const std::unique_ptr<FILE, int (*)(FILE*)> answer{::popen(command.c_str(), "r"), ::pclose};
    double nanoseconds = 0;
    if (!answer || std::fscanf(answer.get(), "%lf", &nanoseconds) != 1)
        throw Failure{"python3 does not answer"};
    return nanoseconds;
}

} // namespace

void measure_pack(const Setting& setting, Samples& samples) {
    Values values{.a = 7, .b = 300, .c = 65535, .d = -5, .e = {'a', 'n', 'n'}};
    const Buffer buffer =
        Packed::pack(values.a, values.b, values.c, values.d, {values.e.data(), values.e.size()});
    const auto duration = setting.duration / 4;
    const std::string subject{suite};
    hold_contest(samples,
                 {{"pack-pack", subject, [&] { return pack_with_suite(duration, values); }},
                  {"pack-pack", "by hand", [&] { return pack_by_hand(duration, values); }},
                  {"pack-pack", "CPython's struct", [&] { return ask_python(setting, "pack"); }},
                  {"pack-unpack", subject, [&] { return unpack_with_suite(duration, buffer); }},
                  {"pack-unpack", "by hand", [&] { return unpack_by_hand(duration, buffer); }},
                  {"pack-unpack", "CPython's struct", [&] { return ask_python(setting, "unpack"); }}},
                 setting.rounds, Work::of_ours);
}

} // namespace bench
