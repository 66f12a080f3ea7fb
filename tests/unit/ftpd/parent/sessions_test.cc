// SPDX-License-Identifier: ISC
#include "ftpd/parent/sessions.hh"

#include "common/errors.hh"
#include "common/peek.hh"
#include "common/shared_memory.hh"
#include "common/socket.hh"
#include "common/text.hh"
#include "ftpd/frames.hh"
#include "tests/e2e/files.hh"
#include "tests/unit/common/test_keeper.hh"

#include <array>
#include <csignal>
#include <cstring>
#include <doctest/doctest.h>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <tuple>
#include <unistd.h>
#include <vector>

using namespace ftpd;
using common::Clock;
using common::Fd;
using common::text;

namespace {

// A process that does nothing, like a session of a parent before; a test plays its end of the pair.
struct OldSession {
    // page: which of those that are not the parent's own.
    explicit OldSession(std::size_t page, std::size_t age = 0) {
        std::tie(ours, theirs) = common::make_packet_pair();
        pid = common::checked("fork", {}, [] { return ::fork(); });
        if (pid == 0)
            for (;;) ::pause();
        record = {.pid = pid,
                  .page = KeptPages::own_pages() + page,
                  .since = Clock::now() - std::chrono::seconds{age},
                  .network = "192.0.2.7",
                  .host = "192.0.2.7",
                  .peer = "192.0.2.7:1"};
    }
    ~OldSession() {
        if (pid > 0) ::kill(pid, SIGKILL); // -1 would be everybody
        wait();
    }
    OldSession(const OldSession&) = delete;
    OldSession& operator=(const OldSession&) = delete;

    common::KeeperLink::Left left() {
        return {text("session ", record.page), record.pack(), common::duplicate(ours.get())};
    }
    // The signal that has ended it.
    int wait() {
        if (pid < 0) return 0;
        int status = 0;
        ::waitpid(std::exchange(pid, -1), &status, 0);
        return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    }
    // What it was told.
    std::string heard() const {
        std::array<char, max_order> packet{};
        const common::Received got = common::receive_packet(theirs.get(), packet);
        if (got.state == common::IoState::ended) return "end";
        return got.state == common::IoState::done ? std::string{packet.data(), got.bytes} : "";
    }

    pid_t pid = -1;
    Fd ours, theirs;
    SessionRecord record;
};

struct Scene {
    explicit Scene(TestKeeper::Left left = {}) : keeper(folder / "lock", {}, std::move(left)) {
        sessions.emplace(
            Sessions::Parts{keeper.link(), loop, log, pages, records}, (folder / "").native(),
            Sessions::Callbacks{[this](const std::string& who, common::Severity) { ended.push_back(who); },
                                [this] { ++kept; }});
        keeper.link().attach(loop, {.on_deposited = [this] { sessions->on_deposited(); }});
        while (keeper.heard()) {
        } // the page of whom is served
    }
    ~Scene() { keeper.link().detach(); }
    Scene(const Scene&) = delete;
    Scene& operator=(const Scene&) = delete;

    void take_over(const std::vector<const OldSession*>& live, pid_t first = 0) {
        for (const OldSession* const one : live)
            if (pages.is_sessions(one->record.page)) pages.set_live(one->record.page, true);
        sessions->take_over(keeper.link().take_left(label_of_session), first);
    }
    Settings settings() const {
        Settings made;
        made.max_clients = 8;
        made.state = (folder / "").native();
        return made;
    }
    // The next one that is free, of those that are not the parent's own.
    std::size_t free_page() { return pages.all().take().value() - KeptPages::own_pages(); }
    std::string logged() const { return e2e::read_file(folder / "log"); }
    // Forks a session that does nothing. Its end of the pair is the test's.
    pid_t start(Fd* theirs) {
        auto [ours, other] = common::make_packet_pair();
        const std::size_t page = pages.all().take().value();
        const auto pid = sessions->start({.page = page, .since = Clock::now(), .network = "192.0.2.7"},
                                         std::move(ours), [] {
                                             for (;;) ::pause();
                                             return 0;
                                         });
        REQUIRE(pid);
        *theirs = std::move(other);
        return *pid;
    }
    // reaps: none of them is of a parent before, who would not be seen by this one.
    void run_until_ended(std::size_t count, bool reaps = false) {
        const auto deadline = Clock::now() + std::chrono::seconds{30};
        while (ended.size() < count && Clock::now() < deadline) {
            loop.at(Clock::now() + std::chrono::milliseconds{20}, [] {});
            loop.run_once(nullptr);
            if (reaps) sessions->reap();
        }
        REQUIRE(ended.size() == count);
    }

    e2e::TempDir folder;
    common::Log log{
        "ftpd", "parent", {common::Log::Target::file, (folder / "log").native()}, common::Severity::notice};
    common::Loop loop{common::Backend::poll};
    TestKeeper keeper;
    KeptPages pages{keeper.link(), settings(), log};
    XferlogJournal journal;
    Records records{loop, log, {}, {}, journal, nullptr};
    std::vector<std::string> ended;
    int kept = 0;
    std::optional<Sessions> sessions;
};

const std::string begin = pack_frame(Begin{}), kick = pack_frame(Kick{});

} // namespace

TEST_SUITE("unit") {
    TEST_CASE(
        "sessions: those of the parent before are known with their pages and told to begin if need be") {
        OldSession old{3, 100}, last{1, 5};
        TestKeeper::Left left;
        for (OldSession* const one : {&old, &last}) left.push_back(one->left());
        Scene scene{std::move(left)};
        scene.take_over({&old, &last});
        CHECK(scene.sessions->size() == 2);
        CHECK(scene.sessions->count_from("192.0.2.7") == 2);
        CHECK(scene.free_page() == 0);
        CHECK(scene.free_page() == 2);
        CHECK(scene.free_page() == 4);
        CHECK(scene.sessions->view()[0].peer == "192.0.2.7:1");
        CHECK(old.heard() == "");
        CHECK(last.heard() == begin);
    }

    TEST_CASE("sessions: what no parent leaves costs that session alone and its page is free") {
        OldSession good{0}, odd_label{2}, odd_page{8}, odd_bytes{3}, lost{4};
        TestKeeper::Left left;
        for (OldSession* const one : {&odd_label, &odd_page, &odd_bytes, &lost, &good})
            left.push_back(one->left());
        left[0].label = "session 9999";
        left[2].bytes.pop_back();
        left[3].fd.reset();
        Scene scene{std::move(left)};
        scene.take_over({&good, &odd_label, &odd_bytes, &lost});
        CHECK(scene.sessions->size() == 1);
        CHECK(scene.free_page() == 1);
        for (const OldSession* const one : {&odd_label, &odd_page, &odd_bytes}) CHECK(one->heard() == "end");
        CHECK(good.heard() == begin);
        std::vector<std::string> withdrawn;
        while (const auto word = scene.keeper.heard())
            if (word->word == common::KeeperWord::withdraw) withdrawn.push_back(word->label);
        CHECK(withdrawn == std::vector<std::string>{"session 9999", odd_page.left().label,
                                                    odd_bytes.left().label, lost.left().label});
    }

    TEST_CASE("sessions: those that this version cannot talk to are named and let go in order") {
        constexpr std::uint8_t other_version = frames_version + 1;
        OldSession known{0}, again{2, 9}, gone{3, 9}, strange{1, 9}; // whose pair no later one has
        for (OldSession* const one : {&strange, &again, &gone}) one->record.frames = other_version;
        again.record.kill_at = Clock::now() + std::chrono::hours{1};
        const auto leave_all = [&] {
            TestKeeper::Left left;
            for (OldSession* const one : {&known, &strange, &again, &gone}) left.push_back(one->left());
            return left;
        };
        Scene scene{leave_all()};
        scene.take_over({&known, &strange, &again});
        const std::string words = describe_strangers(leave_all(), scene.pages);
        CHECK(words ==
              "the sessions of these clients are too old for this version: 192.0.2.7:1, 192.0.2.7:1: "
              "wait for their end, or `ftpctl upgrade -f' lets them come again");
        TestKeeper::Left many;
        for (int i = 0; i < 13; ++i) many.push_back(strange.left());
        many.push_back({"session 99", "nonsense", {}});
        CHECK(describe_strangers(many, scene.pages).find(":1 and 3 more: wait") != std::string::npos);
        many.resize(0);
        many.push_back(known.left());
        CHECK(describe_strangers(many, scene.pages).empty());

        CHECK(scene.sessions->size() == 3);
        CHECK(known.heard() == begin);
        const std::string stop = pack_frame(Stop{"another version goes on: connect again."});
        CHECK(strange.heard() == stop);
        CHECK(again.heard() == stop);
        const auto word = scene.keeper.heard(); // of the one that has a limit from now on
        REQUIRE(word);
        CHECK(word->label == strange.left().label);
        CHECK(SessionRecord::unpack(word->text).kill_at);
        CHECK_FALSE(scene.keeper.heard());
        for (int i = 0; i < 20; ++i) // of which this one understands nothing
            REQUIRE(common::send_packet(strange.theirs.get(), std::string(400, '\xff')) ==
                    common::IoState::done);
        ::kill(strange.pid, SIGKILL);
        strange.wait();
        strange.theirs.reset();
        scene.run_until_ended(1);
        CHECK(scene.logged().find("is killed") == std::string::npos);
        CHECK(scene.logged().find("malformed") == std::string::npos);
    }

    TEST_CASE("sessions: clients of a listener that is no more are told to leave and nobody else") {
        OldSession here{0, 9}, there{1, 5}, unknown{2, 1};
        here.record.listener = "listen 127.0.0.1:21";
        there.record.listener = "listen 127.0.0.1:2121";
        TestKeeper::Left left;
        for (OldSession* const one : {&here, &there, &unknown}) left.push_back(one->left());
        Scene scene{std::move(left)};
        scene.take_over({&here, &there, &unknown});
        CHECK(unknown.heard() == begin);
        CHECK(scene.sessions->dismiss([](const std::string& one) { return one.ends_with(":21"); }) == 1);
        CHECK(there.heard() == pack_frame(Leave{"The server does not listen at this address any more."}));
        for (const OldSession* const one : {&here, &unknown}) CHECK(one->heard() == "");
    }

    TEST_CASE("sessions: of two with one number the one that was left later lives") {
        OldSession one{1}, other{2};
        one.record.pid = other.pid;
        TestKeeper::Left left;
        for (OldSession* const session : {&one, &other}) left.push_back(session->left());
        Scene scene{std::move(left)};
        scene.take_over({&one, &other});
        REQUIRE(scene.sessions->size() == 1);
        CHECK(other.heard() == begin);
        CHECK(scene.free_page() == 0);
        CHECK(scene.free_page() == 1);
        CHECK(scene.free_page() == 3);
    }

    TEST_CASE("sessions: one that had ended is not known though the keeper still has it") {
        OldSession gone{1}, lost{2};
        TestKeeper::Left left;
        for (OldSession* const session : {&gone, &lost}) left.push_back(session->left());
        left[1].fd.reset();
        Scene scene{std::move(left)};
        scene.take_over({});
        CHECK(scene.sessions->size() == 0);
        CHECK(scene.logged() == "");
        Fd theirs; // whose page is another by now
        scene.start(&theirs);
        scene.sessions->signal_all(SIGKILL);
        scene.run_until_ended(1, true);
    }

    TEST_CASE("sessions: one for which two parents have died is killed and the log says so") {
        OldSession old{1}, other{2};
        const Fd page = common::make_shared_pages(1, "/tmp");
        const std::span<std::byte> words = common::map_shared_pages(page.get(), 0, 1);
        const auto served = static_cast<std::uint64_t>(old.pid);
        for (std::size_t death = 0; death < 2; ++death) {
            TestKeeper::Left left;
            left.push_back({"serving", "", common::duplicate(page.get())});
            for (OldSession* const one : {&old, &other}) left.push_back(one->left());
            std::memcpy(words.data(), &served, sizeof served); // who stands there
            Scene scene{std::move(left)};
            scene.take_over({&old, &other});
            const bool is_over = scene.logged().find(text("session ", old.pid, " is killed: two parents")) !=
                                 std::string::npos;
            CHECK(is_over == (death == 1));
            if (death == 0) continue;
            CHECK(old.heard() == "end");
            scene.run_until_ended(1);
            CHECK(scene.sessions->size() == 1);
        }
    }

    TEST_CASE("sessions: one that is heard before all others and says nonsense costs itself alone") {
        OldSession old{1}, other{2};
        TestKeeper::Left left;
        for (OldSession* const one : {&old, &other}) left.push_back(one->left());
        REQUIRE(common::send_packet(old.theirs.get(), "\x01 and so on") == common::IoState::done);
        Scene scene{std::move(left)};
        scene.take_over({&old, &other}, old.pid);
        CHECK(scene.logged().find(text("session ", old.pid, " is killed: ")) != std::string::npos);
        CHECK(old.heard() == "end");
        scene.run_until_ended(1);
        CHECK(scene.sessions->size() == 1);
    }

    TEST_CASE("sessions: a signal reaches one of the parent before or at least the end of its pair does") {
        OldSession old{1};
        TestKeeper::Left left;
        left.push_back(old.left());
        Scene scene{std::move(left)};
        scene.take_over({&old});
        CHECK(old.heard() == begin);
        CHECK(scene.sessions->kick("192.0.2.7") == 1);
        CHECK(old.heard() == kick);
        const auto word = scene.keeper.heard(); // the next parent knows of it
        REQUIRE(word);
        CHECK(SessionRecord::unpack(word->text).kill_at);
        scene.sessions->signal_all(SIGTERM);
        const bool is_told = old.heard() == "end"; // then it would end by itself
        if (is_told) ::kill(old.pid, SIGKILL);
        CHECK(old.wait() == (is_told ? SIGKILL : SIGTERM));
        old.theirs.reset(); // as its end does
        scene.run_until_ended(1);
        CHECK(scene.ended[0].ends_with(" unseen")); // no keeper has told
        CHECK(scene.sessions->count_from("192.0.2.7") == 0);
        CHECK(scene.free_page() == 1);
    }

    TEST_CASE("sessions: the end that the keeper tells is theirs and nobody else's") {
        OldSession old{1};
        TestKeeper::Left left;
        left.push_back(old.left());
        Scene scene{std::move(left)};
        scene.take_over({&old});
        Fd theirs;
        const pid_t own = scene.start(&theirs);
        scene.sessions->end_orphan(own, 0); // of an earlier process with its number
        scene.sessions->end_orphan(old.pid + 1'000'000, 0);
        CHECK(scene.sessions->size() == 2);
        scene.sessions->end_orphan(old.pid, SIGSEGV);
        CHECK(scene.sessions->size() == 1);
        CHECK(scene.pages.books().totals.crashed == 1);
        scene.sessions->signal_all(SIGKILL);
        scene.run_until_ended(2, true);
        int status = 0;
        CHECK(::waitpid(old.pid, &status, WNOHANG) == 0); // nobody may signal it any more
    }

    TEST_CASE("sessions: one begins when the keeper knows of it and no sooner") {
        Scene scene;
        Fd theirs;
        std::array<char, 16> packet{};
        const pid_t first = scene.start(&theirs);
        CHECK(common::peek_packet(theirs.get(), packet).state == common::IoState::done);
        const auto word = scene.keeper.heard();
        REQUIRE(word);
        CHECK(word->word == common::KeeperWord::deposit);
        CHECK(SessionRecord::unpack(word->text).pid == first);
        CHECK(scene.keeper.held);
        while (scene.sessions->are_kept()) scene.keeper.link().deposit("x", "fills the pair");
        Fd others;
        scene.start(&others);
        CHECK(common::peek_packet(others.get(), packet).state == common::IoState::would_block);
        CHECK(scene.kept == 0);
        while (!scene.kept) {
            while (scene.keeper.heard()) {
            }
            scene.loop.run_once(nullptr, false);
        }
        CHECK(scene.sessions->are_kept());
        CHECK(common::peek_packet(others.get(), packet).state == common::IoState::done);
        scene.sessions->signal_all(SIGKILL);
        scene.run_until_ended(2, true);
    }
}
