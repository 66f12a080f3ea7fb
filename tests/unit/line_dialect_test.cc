// SPDX-License-Identifier: ISC
// What a person with nc is shown.
#include "chatd/dialect.hh"

#include <doctest/doctest.h>
#include <set>

using namespace chatd;

namespace {

Record record_of(Kind kind) { return {kind, 1, 0, 7, "张三", "hello"}; }

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("line dialect: events are shown as one line each") {
        const auto dialect = make_line_dialect();
        CHECK(dialect->record(record_of(Kind::joined)) == "张三 joined\n");
        CHECK(dialect->record(record_of(Kind::left)) == "张三 left\n");
        CHECK(dialect->record(record_of(Kind::said)) == "张三 say: hello\n");
        CHECK(dialect->record(record_of(Kind::announced)) == "administrator say: hello\n");
        CHECK(dialect->record(record_of(Kind::segment_start)).empty());
        CHECK(dialect->record(record_of(Kind::segment_end)).empty());
        CHECK(dialect->listing("ada\nbob").ends_with("bob\n"));
        CHECK(dialect->listing("") == "");
        CHECK(dialect->notice("words") == "words\n");
    }

    TEST_CASE("line dialect: prompts end without a line's end and everything else with one") {
        const auto dialect = make_line_dialect();
        CHECK(dialect->ask_name() == "Your name: ");
        CHECK(dialect->ask_code() == "Room code: ");
        for (const std::string& shown : {dialect->entered("lobby"), dialect->lost(3), dialect->help(),
                                         dialect->refused(Refusal::name_taken, 3)})
            CHECK(shown.ends_with('\n'));
        CHECK(dialect->lost(340).find("340") != std::string::npos);
    }

    TEST_CASE("line dialect: each refusal has words of its own") {
        const auto dialect = make_line_dialect();
        std::set<std::string> all;
        const std::initializer_list<Refusal> refusals{
            Refusal::name_taken,       Refusal::name_empty,    Refusal::name_too_long,
            Refusal::name_unprintable, Refusal::name_reserved, Refusal::wrong_code,
            Refusal::text_too_long,    Refusal::disk_full,     Refusal::not_now};
        for (const Refusal why : refusals) all.insert(dialect->refused(why, 2));
        CHECK(all.size() == refusals.size());
        CHECK(dialect->refused(Refusal::wrong_code, 2).find('2') != std::string::npos);
        CHECK(dialect->refused(Refusal::wrong_code, 0) != dialect->refused(Refusal::wrong_code, 1));
    }

    TEST_CASE("line dialect: after a first line in CR LF every line ends so") {
        const auto dialect = make_line_dialect();
        dialect->saw_crlf();
        CHECK(dialect->record(record_of(Kind::joined)) == "张三 joined\r\n");
        CHECK(dialect->listing("ada\nbob") == "ada\r\nbob\r\n");
        const std::string help = dialect->help();
        for (std::size_t at = help.find('\n'); at != help.npos; at = help.find('\n', at + 1))
            CHECK(help[at - 1] == '\r');
        CHECK(dialect->ask_code() == "Room code: ");
    }
}
