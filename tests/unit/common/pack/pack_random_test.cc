// SPDX-License-Identifier: ISC
// The packing layer against Python's struct module: committed vectors, fresh ones in both directions, and
// fresh formats, for which a program is compiled.
#include "tests/e2e/files.hh"
#include "tests/unit/common/pack/compile.hh"
#include "tests/unit/common/pack/pack_by_text.hh"

#include <doctest/doctest.h>
#include <random>

namespace {

const std::string source = e2e::in_source(".");
const std::string formats_file = source + "/tests/unit/common/pack/pack_formats.inc";

constexpr pack_by_text::Format formats[] = {
#define FORMAT(literal) pack_by_text::Compiled<literal>::entry,
#include "tests/unit/common/pack/pack_formats.inc"
#undef FORMAT
};

std::string python(const e2e::Words& arguments, std::string_view input = {}) {
    e2e::Words command{"python3", source + "/tests/pack_vectors.py"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    const e2e::Result result = e2e::run_client(command, input);
    CHECK_MESSAGE(result.status == 0, result.err);
    return result.out;
}

void check_vectors(const std::string& text) {
    std::istringstream lines{text};
    std::size_t seen = 0;
    CHECK(pack_by_text::judge_vectors(lines, formats, seen) == "");
    CHECK(seen >= 400);
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("pack: the committed vectors of Python's struct come out the same") {
        check_vectors(e2e::read_file(source + "/tests/pack_vectors.txt"));
    }

    TEST_CASE("pack: a wrong vector is noticed") {
        std::istringstream lines{
            "pack\t!IQ\t1 2\t000000010000000000000003\nunpack\t!e\t3c00\t3ff0000000000000\n"};
        std::size_t seen = 0;
        const std::string wrong = pack_by_text::judge_vectors(lines, formats, seen);
        CHECK(wrong.find("we say 000000010000000000000002") != wrong.npos);
        CHECK(seen == 2);
    }

    TEST_CASE("pack: what Python packs and unpacks at random we do too") {
        const std::string seed = std::to_string(std::random_device{}());
        CAPTURE(seed);
        check_vectors(python({"vectors", seed, "20", formats_file}));
    }

    TEST_CASE("pack: what we pack and unpack at random Python does too") {
        const unsigned seed = std::random_device{}();
        CAPTURE(seed);
        std::mt19937 random{seed};
        std::ostringstream vectors;
        for (const auto& format : formats) {
            for (int round = 0; round < 20; ++round) {
                std::string bytes(format.size, '\0');
                for (char& byte : bytes) byte = static_cast<char>(random());
                const std::string hex = pack_by_text::to_hex(bytes), values = format.unpack(hex);
                vectors << "unpack\t" << format.text << '\t' << hex << '\t' << values << '\n'
                        << "pack\t" << format.text << '\t' << values << '\t' << format.pack(values) << '\n';
            }
        }
        CHECK(python({"check"}, vectors.str()) == "");
    }
}

TEST_SUITE("unit slow") {
    TEST_CASE("pack: formats made at random mean what they mean in Python") {
        const std::string seed = std::to_string(std::random_device{}());
        CAPTURE(seed);
        const e2e::TempDir folder;
        const std::string fresh = folder / "formats.inc", program = folder / "program";
        e2e::write_file(fresh, python({"formats", seed, "40"}));
        e2e::write_file(program + ".cc", R"(
            #include "tests/unit/common/pack/pack_by_text.hh"
            #include <iostream>
            constexpr pack_by_text::Format formats[] = {
            #define FORMAT(literal) pack_by_text::Compiled<literal>::entry,
            #include "formats.inc"
            };
            int main() {
                std::size_t seen = 0;
                std::cout << pack_by_text::judge_vectors(std::cin, formats, seen) << seen << " seen\n";
            })");
        const auto compiled = compile({"-o", program, program + ".cc", source + "/common/pack/pack.cc"});
        REQUIRE_MESSAGE(compiled.status == 0, compiled.err);

        const std::string vectors = python({"vectors", seed, "20", fresh});
        const auto lines = std::ranges::count(vectors, '\n');
        CHECK(e2e::run_client({program}, vectors).out == std::to_string(lines) + " seen\n");
    }
}
