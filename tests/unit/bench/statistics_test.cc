// SPDX-License-Identifier: ISC
// What the benchmarks make of their figures: statistics, the file that keeps them, targets, the table, plots.
#include "tests/bench/samples.hh"
#include "tests/bench/statistics.hh"
#include "tests/bench/svg.hh"
#include "tests/bench/table.hh"
#include "tests/unit/common/temporary_folder.hh"

#include <cmath>
#include <doctest/doctest.h>
#include <fstream>

using namespace bench;

namespace {

constexpr std::string_view sessions = "ftp-sessions"; // more is better
constexpr std::string_view memory = "ftp-memory";     // less is

const Target& target_of(std::string_view row, std::string_view subject) {
    for (const Target& target : all_targets())
        if (target.row == row && target.subject == subject) return target;
    throw std::logic_error("no such target");
}

std::size_t count(const std::string& all, std::string_view part) {
    std::size_t found = 0;
    for (std::size_t at = 0; (at = all.find(part, at)) != all.npos; ++at) ++found;
    return found;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("a quantile lies between the values around it") {
        CHECK(quantile({5, 1, 3}, 0) == 1);
        CHECK(quantile({5, 1, 3}, 1) == 5);
        CHECK(median({5, 1, 3}) == 3);
        CHECK(median({1, 2, 3, 10}) == 2.5);
        CHECK(quantile({0, 100}, 0.99) == doctest::Approx(99));
        CHECK(std::isnan(median({})));
    }

    TEST_CASE("figures are kept in a file and rows measured anew replace only themselves") {
        const TemporaryFolder folder;
        const std::string file = folder / "samples.tsv";
        {
            Samples samples{file};
            samples.add(sessions, suite, 1000);
            samples.add(sessions, suite, 1200.5);
            samples.note(memory, "vsftpd", "it does not start");
            samples.save();
        }
        Samples samples{file};
        REQUIRE(samples.find(sessions, suite));
        CHECK(samples.find(sessions, suite)->values == std::vector<double>{1000, 1200.5});
        REQUIRE(samples.find(memory, "vsftpd"));
        CHECK(samples.find(memory, "vsftpd")->note == "it does not start");
        CHECK(samples.find(memory, "vsftpd")->values.empty());
        samples.forget(memory);
        CHECK_FALSE(samples.find(memory, "vsftpd"));
        CHECK(samples.find(sessions, suite));
        samples.forget("ftp");
        CHECK(samples.all().empty());
    }

    TEST_CASE("a file of figures that somebody broke is refused") {
        const TemporaryFolder folder;
        const std::string file = folder / "samples.tsv";
        std::ofstream{file} << "ftp-sessions\tsuite\t\t12\tmany\n";
        CHECK_THROWS_AS(Samples{file}, std::runtime_error);
    }

    TEST_CASE(
        "the best peer has the most where more is better and else the least; floors and builds are none") {
        const TemporaryFolder folder;
        Samples samples{folder / "samples.tsv"};
        for (const std::string_view row : {sessions, memory}) {
            samples.add(row, suite, 1);
            samples.add(row, "suite (static)", 9000);
            samples.add(row, "floor: fork and answer", 9000);
            samples.add(row, "vsftpd", 100);
            samples.add(row, "pure-ftpd", 300);
            samples.note(row, "proftpd", "it does not start");
        }
        CHECK(samples.best_peer(sessions)->subject == "pure-ftpd");
        CHECK(samples.best_peer(memory)->subject == "vsftpd");
        CHECK_FALSE(samples.best_peer("chat-memory"));
    }

    TEST_CASE("a target is met from its limit on and not judged without figures") {
        const TemporaryFolder folder;
        Samples samples{folder / "samples.tsv"};
        const Target& ten_times = target_of(sessions, "vsftpd");
        CHECK(std::isnan(judge(ten_times, samples).ratio));
        CHECK_FALSE(judge(ten_times, samples).met);
        samples.add(sessions, suite, 999);
        samples.add(sessions, "vsftpd", 100);
        CHECK(judge(ten_times, samples).ratio == doctest::Approx(9.99));
        CHECK_FALSE(judge(ten_times, samples).met);
        samples.add(sessions, suite, 1001);
        CHECK(judge(ten_times, samples).met);

        const Target& kibibytes = target_of(memory, "");
        samples.add(memory, suite, 64);
        CHECK(judge(kibibytes, samples).met);
        samples.add(memory, suite, 65);
        CHECK_FALSE(judge(kibibytes, samples).met);
    }

    TEST_CASE("numbers are shown with four figures at most and commas between thousands") {
        CHECK(show_number(0.1234) == "0.123");
        CHECK(show_number(1.234) == "1.23");
        CHECK(show_number(64) == "64.0");
        CHECK(show_number(999.6) == "1,000");
        CHECK(show_number(1234567) == "1,234,567");
        CHECK(show_number(123456) == "123,456");
        CHECK(show_number(std::nan("")) == "-");
    }

    TEST_CASE("columns are as wide as their widest cell") {
        CHECK(align({{"a", "1"}, {"bbb", "22", "note"}}, "lrl") == "a     1\nbbb  22  note\n");
    }

    TEST_CASE("the table has each row once with all who were measured and the targets of these rows") {
        const TemporaryFolder folder;
        Samples samples{folder / "samples.tsv"};
        samples.add(memory, suite, 32);
        samples.add(memory, "vsftpd", 128);
        samples.note(memory, "proftpd", "it does not start");
        const std::string table = make_table(samples);
        CHECK(count(table, "private memory of an idle FTP session, KiB\n") == 1);
        CHECK(count(table, "\n  suite ") == 1);
        CHECK(table.find("vsftpd") < table.find("0.25"));
        CHECK(count(table, "it does not start\n") == 1);
        CHECK(count(table, " met\n") == 1);
        CHECK(count(table, "FTP sessions") == 0); // nobody measured them
        CHECK(count(make_summary(samples), "\n") == 3);
    }

    TEST_CASE("every target is of a row that there is") {
        for (const Target& target : all_targets()) {
            CHECK_NOTHROW(find_row(target.row));
            if (!target.reference_row.empty()) CHECK_NOTHROW(find_row(target.reference_row));
        }
    }

    TEST_CASE("bars are as long as their values and labels cannot break the picture") {
        const std::string picture =
            plot_bars({{"a < b & c", {{"suite", 100, 90, 110, true}, {"<peer>", 55, 50, 60, false}}}});
        CHECK(count(picture, "a &lt; b &amp; c") == 1);
        CHECK(count(picture, "&lt;peer&gt;") == 1);
        CHECK(count(picture, "width=\"436\" height=\"13\"") == 1); // of 480, which is 110
        CHECK(count(picture, "width=\"240\" height=\"13\"") == 1);
        CHECK(picture.ends_with("</svg>\n"));
    }

    TEST_CASE("a curve rises with its values and one without a range is not drawn") {
        const std::string picture = plot_curves("t", "x", {{"poll", {{10, 1}, {100, 10}, {1000, 100}}}});
        CHECK(count(picture, "M70 360L360 200L650 40") == 1);
        CHECK(count(plot_curves("t", "x", {}), "not measured") == 1);
        CHECK(count(plot_curves("t", "x", {{"poll", {{10, 1}}}}), "not measured") == 1);
    }
}
