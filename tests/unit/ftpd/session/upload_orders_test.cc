// SPDX-License-Identifier: ISC
// Two sessions at work on the same names, in every order of their steps. Each is a process, since locks are
// between processes, and is stopped before each step by ptrace(2). Whatever the order, the outcome must be
// one that the two could have had one after the other: then nothing that was said to be stored is lost or
// mixed.
#include "ftpd/session/upload.hh"

#include "common/errors.hh"
#include "common/rename.hh"
#include "common/text.hh"
#include "ftpd/parent/sweeper.hh"
#include "ftpd/path.hh"
#include "tests/e2e/files.hh"
#include "tests/skip.hh"

#include <algorithm>
#include <array>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <signal.h>
#include <string>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <tuple>
#include <unistd.h>
#include <vector>

#ifdef PTRACE_GET_SYSCALL_INFO

using namespace ftpd;
using common::Fd;
using common::text;

namespace {

// --- what is done ------------------------------------------------------------------------------------------

const NamePolicy any_name;
const Rights all_rights{Right::create, Right::overwrite};

// A whole step for orders of few and large ones, which the processes are stopped before, too.
void mark() { ::syscall(SYS_getpgid, 0); }

using Deed = std::function<void(const Tree&, const std::string& bytes)>;

Upload::Policy policy(Rights rights = all_rights) { return {.rights = rights}; }

template <class End>
void upload(const Tree& tree, Upload::Offset from, const std::string& bytes, Rights rights, End end) {
    Upload upload{tree, "/x", from, policy(rights)};
    mark();
    upload.write(bytes);
    end(upload);
}

void complete(Upload& upload) { upload.complete(); }

void complete_and_settle(Upload& upload) {
    Upload::Completed done = upload.complete_revocably();
    mark();
    if (done.replacement) done.replacement->settle();
}

// What becomes of an upload whose client was dead when it was complete.
void complete_and_take_back(Upload& upload) {
    Upload::Completed done = upload.complete_revocably();
    mark();
    if (!done.replacement->take_back()) throw Refusal{226, "not taken back"};
}

void move(const Tree& tree, const char* from, const char* to, bool may_replace) {
    if (!tree.rename(from, to, may_replace)) throw std::logic_error("another file system");
}

// Where there is nothing to delete, that is as good: it may have been an upload that had only just begun.
void remove(const Tree& tree) {
    try {
        remove_file_or_partial(tree, "/x");
    } catch (const std::system_error& error) {
        if (error.code().value() != ENOENT) throw;
    }
}

const std::string taken_back = "STOR, taken back";

const std::map<std::string, Deed> deeds{
    {"nothing", [](const Tree&, const std::string&) {}},
    {"STOR", [](const Tree& t, const std::string& b) { upload(t, 0, b, all_rights, complete_and_settle); }},
    {"STOR, said to be done",
     [](const Tree& t, const std::string& b) { upload(t, 0, b, all_rights, complete); }},
    {"STOR of a new name only",
     [](const Tree& t, const std::string& b) { upload(t, 0, b, {Right::create}, complete_and_settle); }},
    {taken_back,
     [](const Tree& t, const std::string& b) { upload(t, 0, b, all_rights, complete_and_take_back); }},
    {"STOR, broken off",
     [](const Tree& t, const std::string& b) { upload(t, 0, b, all_rights, [](Upload&) {}); }},
    {"APPE", [](const Tree& t, const std::string& b) { upload(t, {}, b, all_rights, complete_and_settle); }},
    {"REST 2, STOR",
     [](const Tree& t, const std::string& b) { upload(t, 2, b, all_rights, complete_and_settle); }},
    {"DELE", [](const Tree& t, const std::string&) { remove(t); }},
    {"RNTO from y", [](const Tree& t, const std::string&) { move(t, "/y", "/x", true); }},
    {"RNTO from y onto no file", [](const Tree& t, const std::string&) { move(t, "/y", "/x", false); }},
    {"RNTO z", [](const Tree& t, const std::string&) { move(t, "/x", "/z", true); }},
    {"sweeper",
     [](const Tree& t, const std::string&) {
         sweep_partials(t.root(), std::numeric_limits<std::time_t>::max(), 0, [] { return false; });
     }},
};

const std::string done = "done";

std::string do_it(const Deed& deed, const std::string& folder, const std::string& bytes) {
    try {
        const Tree tree{Fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)}, any_name};
        mark();
        deed(tree, bytes);
        return done;
    } catch (const Refusal& refusal) {
        return text(refusal.code, ' ', refusal.words);
    } catch (const std::system_error& error) {
        return text("550 ", error.what());
    } catch (const std::exception& error) {
        return text("??? ", error.what());
    }
}

// --- by whom, and in which order ---------------------------------------------------------------------------

enum class Size { small, large }; // of a step: a call that looks at or changes files, or up to a mark

bool begins_step(const struct __ptrace_syscall_info& info, Size size) {
    const auto is = [&](auto number) { return info.entry.nr == static_cast<std::uint64_t>(number); };
    if (is(SYS_getpgid)) return size == Size::large;
    if (size == Size::large) return false;
#ifdef SYS_newfstatat
    if (is(SYS_newfstatat)) return (info.entry.args[3] & AT_EMPTY_PATH) == 0; // else of an open file
#endif
#ifdef SYS_renameat
    if (is(SYS_renameat)) return true;
#endif
    constexpr std::array calls{SYS_openat,    SYS_fcntl,  SYS_ftruncate, SYS_pwrite64,
                               SYS_renameat2, SYS_linkat, SYS_unlinkat};
    return std::ranges::any_of(calls, is);
}

struct CannotTrace {};

// What a worker is to do, and what it has to say; between processes.
struct Job {
    std::array<char, 64> deed, bytes;
    std::array<char, 256> folder;
    std::array<char, 1024> said;
};

template <std::size_t Size>
void put(std::string_view words, std::array<char, Size>& into) {
    into[words.copy(into.data(), Size - 1)] = '\0';
}

// A process that does one thing after the other, each step by step.
class Worker {
public:
    Worker()
        : job_(static_cast<Job*>(
              ::mmap(nullptr, sizeof(Job), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
        pid_ = common::checked("fork", {}, [] { return ::fork(); });
        if (pid_ == 0) run();
        wait();
        if (is_dead_) throw CannotTrace{};
        ::ptrace(PTRACE_SETOPTIONS, pid_, nullptr, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
    }
    ~Worker() {
        if (!is_dead_) ::kill(pid_, SIGKILL);
        while (!is_dead_) wait();
        ::munmap(job_, sizeof *job_);
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    // Stops it before its first step.
    void begin(const std::string& deed, const std::string& folder, const std::string& bytes, Size size) {
        put(deed, job_->deed);
        put(folder, job_->folder);
        put(bytes, job_->bytes);
        size_ = size;
        has_begun_ = is_over_ = false;
        step();
    }
    // Does a step, and stops before the next.
    void step() {
        while (!is_over_) {
            common::checked("ptrace", {}, [&] { return ::ptrace(PTRACE_SYSCALL, pid_, nullptr, signal_); });
            wait();
            if (is_dead_) throw std::runtime_error{"a worker died"};
            if (!is_call_) continue;
            struct __ptrace_syscall_info info {};
            if (::ptrace(PTRACE_GET_SYSCALL_INFO, pid_, sizeof info, &info) <= 0) throw CannotTrace{};
            if (info.op != PTRACE_SYSCALL_INFO_ENTRY) continue;
            has_begun_ = has_begun_ || info.entry.nr == SYS_getpgid; // what is before belongs to the test
            if (has_begun_ && begins_step(info, size_)) return;
        }
    }
    bool is_over() const { return is_over_; }
    std::string said() const { return job_->said.data(); }

private:
    [[noreturn]] void run() {
        if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) ::_exit(1);
        for (;;) {
            ::raise(SIGSTOP); // until there is something to do
            put(do_it(deeds.at(job_->deed.data()), job_->folder.data(), job_->bytes.data()), job_->said);
        }
    }

    void wait() {
        int status = 0;
        common::checked("waitpid", {}, [&] { return ::waitpid(pid_, &status, 0); });
        is_dead_ = !WIFSTOPPED(status);
        const int stopped_by = is_dead_ ? 0 : WSTOPSIG(status);
        is_call_ = stopped_by == (SIGTRAP | 0x80);
        is_over_ = is_dead_ || stopped_by == SIGSTOP;
        signal_ = is_call_ || is_over_ ? 0 : stopped_by;
    }

    Job* job_;
    pid_t pid_ = 0;
    Size size_{};
    long signal_ = 0; // to be handed on
    bool is_dead_ = false, is_over_ = true, is_call_ = false, has_begun_ = false;
};

using Files = std::map<std::string, std::string>; // their bytes, by name

struct Outcome {
    std::array<std::string, 2> said; // by each
    Files files;
    bool operator==(const Outcome&) const = default;
    bool operator<(const Outcome& other) const {
        return std::tie(said, files) < std::tie(other.said, other.files);
    }
};

std::string shown(const Outcome& outcome) {
    std::string words = text("[", outcome.said[0], "] [", outcome.said[1], "]");
    for (const auto& file : outcome.files) words += text(' ', file.first, '=', file.second);
    return words;
}

// Two things to do with these files.
struct Meeting {
    std::array<std::string, 2> deeds;
    Files files;
};

// Where they meet, again and again.
class Room {
public:
    // Who does the next step, 0 or 1, until each is over: how many steps each had.
    using Turn = std::function<std::size_t(const std::array<Worker, 2>&)>;
    Outcome run(const Meeting& meeting, const Turn& turn, Size size) {
        clear();
        for (const auto& file : meeting.files) e2e::write_file(folder_ / file.first, file.second);
        Worker &first = workers_[0], &second = workers_[1];
        first.begin(meeting.deeds[0], folder_.path(), "aaaaaa", size);
        second.begin(meeting.deeds[1], folder_.path(), "bbb", size);
        while (!first.is_over() || !second.is_over()) workers_[turn(workers_)].step();
        return {{first.said(), second.said()}, files()};
    }

private:
    void clear() {
        for (const auto& one : files()) std::filesystem::remove(folder_ / one.first);
    }
    Files files() const {
        Files found;
        for (const auto& entry : std::filesystem::directory_iterator{folder_.path()})
            found[entry.path().filename()] = e2e::read_file(entry.path());
        return found;
    }

    e2e::TempDir folder_;
    std::array<Worker, 2> workers_;
};

// --- what may come of it
// -------------------------------------------------------------------------------------

bool is_upload(const std::string& deed) { return deed.find("STOR") != deed.npos || deed == "APPE"; }

Outcome one_after_the_other(Room& room, const Meeting& meeting, std::size_t first) {
    return room.run(
        meeting, [&](const auto& workers) { return workers[first].is_over() ? 1 - first : first; },
        Size::large);
}

// What comes of only one of them.
Outcome alone(Room& room, const Meeting& meeting, std::size_t who) {
    Meeting only = meeting;
    only.deeds[1 - who] = "nothing";
    return one_after_the_other(room, only, who);
}

// Both, one after the other; or one of them, and the other is refused, as if it had not been: but for the
// unfinished upload that it may have used, and for what it wrote in place into what was taken away.
class Judge {
public:
    Judge(Room& room, const Meeting& meeting) : room_(room), meeting_(meeting) {}

    bool allows(Outcome outcome) {
        Meeting meant = meeting_;
        // One that has begun is not refused at its end, when all is sent, for another that was there before.
        if (is_upload(meant.deeds[0]) && is_upload(meant.deeds[1]))
            for (const std::string& said : outcome.said)
                if (said == "550 create x: File exists") return false;
        const bool none_stays = meant.deeds[0] == taken_back && meant.deeds[1] == taken_back;
        for (std::size_t i = 0; i < 2 && !none_stays; ++i) // it could not be taken back any more
            if (outcome.said[i].starts_with("226")) {
                outcome.said[i] = done;
                meant.deeds[i] = "STOR";
            }
        if (is_serial(outcome, meant, false)) return true;
        // What was taken back, or what was there before that upload began anew, is of no use to anybody while
        // another upload of the name goes on.
        if (meant.deeds[0] == taken_back || meant.deeds[1] == taken_back) {
            Meeting anew = meant;
            anew.files.erase(partial_name("x"));
            if (is_serial(outcome, meant, true) || is_serial(outcome, anew, true)) return true;
        }
        for (const std::size_t refused : {0U, 1U}) {
            if (outcome.said[refused] == done) continue;
            const std::size_t other = 1 - refused;
            const bool may_differ = is_upload(meant.deeds[refused]);
            const Outcome without = serial(meant, refused + 2);
            if (outcome.said[other] == without.said[other] &&
                rest(outcome.files, may_differ) == rest(without.files, may_differ))
                return true;
            if (!outcome.said[refused].starts_with("451")) continue;
            for (const std::size_t first : {0U, 1U}) {
                const Outcome both = serial(meant, first);
                if (outcome.said[other] == both.said[other] && outcome.files == both.files) return true;
            }
        }
        return outcome.said[0] != done && outcome.said[1] != done && outcome.files == meeting_.files;
    }

    std::string expected() {
        return text("one of:\n  ", shown(serial(meeting_, 0)), "\n  ", shown(serial(meeting_, 1)));
    }

private:
    static Files rest(Files files, bool without_partial) {
        if (without_partial) files.erase(partial_name("x"));
        return files;
    }

    bool is_serial(const Outcome& outcome, const Meeting& meant, bool without_partial) {
        for (const std::size_t first : {0U, 1U}) {
            const Outcome& both = serial(meant, first);
            if (outcome.said == both.said &&
                rest(outcome.files, without_partial) == rest(both.files, without_partial))
                return true;
        }
        return false;
    }

    // how: 0 and 1, who is first; 2 and 3, who is left out.
    const Outcome& serial(const Meeting& meant, std::size_t how) {
        const auto key = std::make_tuple(meant.deeds, meant.files, how);
        const auto known = known_.find(key);
        if (known != known_.end()) return known->second;
        return known_[key] = how < 2 ? one_after_the_other(room_, meant, how) : alone(room_, meant, 3 - how);
    }

    Room& room_;
    Meeting meeting_;
    std::map<std::tuple<std::array<std::string, 2>, Files, std::size_t>, Outcome> known_;
};

// --- every order -------------------------------------------------------------------------------------------

using OnOutcome = std::function<void(const Outcome&)>;

// Every order of the large steps.
void try_large_steps(Room& room, const Meeting& meeting, const OnOutcome& on_outcome) {
    std::vector<std::size_t> script; // who, wherever there is a choice
    do {
        std::size_t choices = 0;
        on_outcome(room.run(
            meeting,
            [&](const auto& workers) -> std::size_t {
                for (const std::size_t over : {0U, 1U})
                    if (workers[over].is_over()) return 1 - over;
                if (choices == script.size()) script.push_back(0);
                return script[choices++];
            },
            Size::large));
        while (!script.empty() && script.back() == 1) script.pop_back();
        if (!script.empty()) script.back() = 1;
    } while (!script.empty());
}

// Every order of the small steps in which the turn changes no more often than this: one is stopped after any
// number of steps, then the other, and then each goes on to its end.
void try_small_steps(Room& room, const Meeting& meeting, const OnOutcome& on_outcome) {
    for (const std::size_t first : {0U, 1U}) {
        bool ended = false; // before it could be stopped
        for (int before = 1; !ended; ++before) {
            bool other_ended = false;
            for (int between = 1; !ended && !other_ended; ++between) {
                int own = before, others = between;
                on_outcome(room.run(
                    meeting,
                    [&](const auto& workers) -> std::size_t {
                        const std::size_t other = 1 - first;
                        if (workers[first].is_over()) {
                            if (others > 0 && !other_ended) ended = true;
                            return other;
                        }
                        if (own > 0) return --own, first;
                        if (others > 0 && workers[other].is_over()) other_ended = true;
                        if (others > 0 && !other_ended) return --others, other;
                        return first;
                    },
                    Size::small));
            }
        }
    }
}

using Orders = void (*)(Room&, const Meeting&, const OnOutcome&);

const std::array<Files, 3> scenes{{
    {{"y", "yyyy"}},
    {{"y", "yyyy"}, {"x", "0123456789"}},
    {{"y", "yyyy"}, {partial_name("x"), "PPPP"}},
}};

void try_all(const std::string& one, const std::string& other, Orders orders, Room& room) {
    for (const Files& scene : scenes) {
        const Meeting meeting{{one, other}, scene};
        Judge judge{room, meeting};
        std::set<Outcome> judged;
        orders(room, meeting, [&](const Outcome& outcome) {
            if (!judged.insert(outcome).second || judge.allows(outcome)) return;
            FAIL_CHECK(one, " with ", other, ", there being ", shown({{}, scene}), ": ", shown(outcome),
                       ", which is not ", judge.expected());
        });
    }
}

bool can_exchange_names() {
    const e2e::TempDir folder;
    e2e::write_file(folder / "one", "1");
    e2e::write_file(folder / "two", "2");
    const Fd directory{::open(folder.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    return common::exchange_names(directory.get(), "one", "two") == common::Renamed::done;
}

using Names = std::vector<std::string>;

// Each of one with each of others.
void try_each(const Names& ones, const Names& others, Orders orders) {
    try {
        Room room;
        for (const std::string& one : ones)
            for (const std::string& other : others) try_all(one, other, orders, room);
    } catch (const CannotTrace&) {
        tests::skip("this system does not let a process trace its child");
    }
}

const Names no_uploads{"DELE", "RNTO from y", "RNTO from y onto no file", "RNTO z", "sweeper"};

Names with_no_uploads(Names names) {
    names.insert(names.end(), no_uploads.begin(), no_uploads.end());
    return names;
}

} // namespace

TEST_SUITE("unit") {
    TEST_CASE("uploads: what two sessions do to a name at once is what they could do one after the other") {
        Names all;
        for (const auto& one : deeds)
            if (one.first != "nothing") all.push_back(one.first);
        for (; !all.empty(); all.pop_back()) try_each({all.back()}, all, try_large_steps);
    }

    TEST_CASE("uploads: STOR and whatever others do at any of its steps") {
        try_each({"STOR"}, with_no_uploads({"STOR", "STOR, broken off", "APPE", "REST 2, STOR"}),
                 try_small_steps);
    }

    TEST_CASE("uploads: a final STOR or one of a new name and whatever others do at any of its steps") {
        try_each({"STOR, said to be done", "STOR of a new name only"},
                 with_no_uploads({"APPE", "REST 2, STOR"}), try_small_steps);
        try_each({"STOR of a new name only"}, {"STOR", "STOR of a new name only"}, try_small_steps);
    }

    TEST_CASE("uploads: one that is taken back and whatever others do at any of its steps") {
        if (!can_exchange_names())
            return tests::skip("names cannot be exchanged here: the old file is kept in two steps");
        try_each({taken_back}, {"STOR", "APPE", "REST 2, STOR", "DELE", "RNTO from y", "RNTO z"},
                 try_small_steps);
    }

    TEST_CASE("uploads: APPE and whatever others do at any of its steps") {
        try_each({"APPE"}, with_no_uploads({"APPE", "REST 2, STOR"}), try_small_steps);
    }

    TEST_CASE("uploads: REST and STOR and whatever others do at any of their steps") {
        try_each({"REST 2, STOR"}, with_no_uploads({"REST 2, STOR"}), try_small_steps);
    }
}

#endif
