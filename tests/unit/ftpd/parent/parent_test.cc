// SPDX-License-Identifier: ISC
#include "ftpd/parent/parent.hh"

#include "common/errors.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "tests/e2e/files.hh"
#include "tests/unit/common/test_keeper.hh"

#include <array>
#include <doctest/doctest.h>
#include <string>
#include <tuple>
#include <unistd.h>
#include <utility>

using namespace ftpd;
using common::Beginning;
using common::Fd;
using common::KeeperWord;

namespace {

// What a parent of another version has left: its pages, and one session, whose end of the pair is the test's.
struct Left {
    explicit Left(const Settings& settings, common::Log& log) {
        TestKeeper keeper{folder / "lock"};
        KeptPages kept{keeper.link(), settings, log};
        const auto pages = keeper.heard();
        REQUIRE(pages);
        REQUIRE(pages->word == KeeperWord::deposit);
        all.push_back({pages->label, pages->text, std::move(keeper.held)});
        const SessionRecord record{.pid = ::getpid(),
                                   .page = KeptPages::own_pages(),
                                   .since = common::Clock::now(),
                                   .peer = "192.0.2.7:40123",
                                   .frames = frames_version + 1};
        kept.set_live(record.page, true);
        std::tie(ours, session) = common::make_packet_pair();
        all.push_back(
            {common::text(label_of_session, record.page), record.pack(), common::duplicate(ours.get())});
    }

    e2e::TempDir folder;
    TestKeeper::Left all;
    Fd ours, session; // the keeper would have ours, too
};

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("parent: on trial it says with whose session it cannot go on and does nothing to that") {
        e2e::TempDir folder;
        common::Log log{
            "ftpd", "parent", {common::Log::Target::file, folder / "log"}, common::Severity::notice};
        Settings settings;
        settings.max_clients = 8;
        settings.state = (folder / "").native();
        settings.events = common::Backend::poll;
        Left left{settings, log};
        std::vector<common::Given> given;
        for (const auto& [label, name] :
             {std::pair{common::label_of_control, "control"}, std::pair{common::label_of_listener, "socket"}})
            given.push_back(
                {std::string{label}, common::listen_on(common::Address::of_path((folder / name).native()))});
        TestKeeper keeper{folder / "lock", std::move(given), std::move(left.all), Beginning::on_trial};
        {
            Parent parent{keeper.link(), settings, {}, log};
            CHECK(parent.run(true) == 1);
        }
        std::string why;
        while (const auto word = keeper.heard()) {
            CHECK(word->word != KeeperWord::ready);
            CHECK(word->word != KeeperWord::withdraw);
            if (word->word == KeeperWord::unable) why = word->text;
        }
        CHECK(why == "the sessions of these clients are too old for this version: 192.0.2.7:40123: wait for "
                     "their end, or `ftpctl upgrade -f' lets them come again");
        std::array<char, 16> packet{};
        CHECK(common::receive_packet(left.session.get(), packet).state == common::IoState::would_block);
    }
}
