// SPDX-License-Identifier: ISC
// A system call of a process that serves many fails while a scene is played: nobody who is not concerned
// notices. `make faults' runs all of it; `make test' has each call of the commonest scenes fail once.
#include "common/text.hh"
#include "tests/e2e/observe.hh"
#include "tests/e2e/proc.hh"
#include "tests/faults/calls.hh"
#include "tests/faults/stage.hh"
#include "tests/skip.hh"

#include <doctest/doctest.h>
#include <iostream>

namespace faults {
namespace {

using namespace e2e;
using common::text;

class Play {
public:
    using MakeStage = std::unique_ptr<Stage>();

    Play(MakeStage* make, std::string_view process, std::string_view scene, Share share)
        : make_(make), process_(process), scene_(scene), share_(share) {}

    void run() {
        stage_ = make_();
        const auto seen = watch();
        REQUIRE(!seen.empty());
        const std::vector<Fault> faults = faults_for(seen, share_);
        for (const Fault& fault : faults) {
            if (!stage_) stage_ = make_();
            play(fault);
        }
        std::cout << text("faults: ", process_, ", ", scene_, ": ", faults.size(), " faults, ", hit_,
                          " hit, ", not_lived_through_, " not lived through\n");
        CHECK(hit_ * 2 >= faults.size()); // or the scene is not what was watched
        if (stage_) stage_->close();
    }

private:
    // Plays the scene while nothing fails; which calls the process makes.
    std::map<std::string, unsigned> watch() {
        const Stage::Scene scene = stage_->scene(scene_);
        scene.prepare();
        Strace strace{stage_->process(process_), std::nullopt};
        scene.act();
        const Seen seen = strace.detach();
        stage_->verify(scene.may_lose);
        if (scene.may_lose > 0) stage_.reset();
        return seen.calls;
    }

    void play(const Fault& fault) {
        const std::size_t before = stage_->daemon().log().size();
        const pid_t pid = stage_->process(process_);
        std::string how = "played to its end";
        Seen seen;
        unsigned may_lose = 0;
        try {
            stage_->wait_in_scenes(share_ == Share::all ? Seconds{2} : Seconds{10});
            const Stage::Scene scene = stage_->scene(scene_);
            scene.prepare();
            Strace strace{pid, fault};
            try {
                scene.act();
            } catch (const std::exception& failure) { // who plays it may be disconnected, or wait in vain
                how = failure.what();
            }
            seen = strace.detach();
            if (seen.failed > 0) ++hit_;
            may_lose = scene.may_lose + (is_about_a_peer(fault.call) ? seen.failed : 0);
            stage_->verify(may_lose);
            if (!is_alive(pid) && why_may_end(process_, fault).empty())
                throw Failure{"it has ended, and another serves"};
            if (is_alive(pid) && may_lose == 0) return; // some may be disconnected only later
        } catch (const std::exception& failure) {
            ++not_lived_through_;
            FAIL_CHECK(text("FAULT ", process_, ", ", scene_, ", ", fault.shown(), ": ", failure.what(),
                            "; it is ", is_alive(pid) ? "alive" : "gone", "; the scene: ", on_one_line(how),
                            "; the call: ", seen.first_failed,
                            "; the log: ", on_one_line(stage_->daemon().log().substr(before))));
            stage_->daemon().kill();
        }
        stage_.reset();
    }

    MakeStage* make_;
    std::string process_, scene_;
    Share share_;
    std::unique_ptr<Stage> stage_; // empty: to be made anew
    unsigned hit_ = 0, not_lived_through_ = 0;
};

void play(Play::MakeStage* make, std::string_view process, std::string_view scene, Share share) {
    if (is_sanitized()) return tests::skip("the sanitizers make calls of their own");
    if (const std::string why = why_no_strace(); !why.empty()) return tests::skip(why);
    try {
        Play{make, process, scene, share}.run();
    } catch (const CannotTrace& why) { // only root may trace a process that keeps its memory to itself
        tests::skip(why.what());
    }
}

#define FAULTS(daemon, process, scene)                                                                       \
    TEST_CASE("faults: " #daemon ": " process ": " scene) {                                                  \
        play(make_##daemon##_stage, process, scene, Share::all);                                             \
    }
#define EACH_ONCE(daemon, process, scene)                                                                    \
    TEST_CASE("each call fails once: " #daemon ": " process ": " scene) {                                    \
        play(make_##daemon##_stage, process, scene, Share::each_call_once);                                  \
    }

} // namespace

// clang-format off
TEST_SUITE("e2e slow faults") {
    FAULTS(chatd, "hub", "connect")
    FAULTS(chatd, "hub", "log in")
    FAULTS(chatd, "hub", "join")
    FAULTS(chatd, "hub", "say")
    FAULTS(chatd, "hub", "leave")
    FAULTS(chatd, "hub", "kick")
    FAULTS(chatd, "hub", "reload")
    FAULTS(chatd, "hub", "history")
    FAULTS(chatd, "hub", "end")
    FAULTS(chatd, "spawner", "connect")
    FAULTS(chatd, "spawner", "reload")
    FAULTS(chatd, "spawner", "kick")
    FAULTS(chatd, "spawner", "end")
    FAULTS(chatd, "keeper", "log in")
    FAULTS(chatd, "keeper", "reload")
    FAULTS(chatd, "keeper", "signals")
    FAULTS(chatd, "keeper", "authd's death")
    FAULTS(chatd, "keeper", "spawner's death")
    FAULTS(chatd, "keeper", "hub's death")
    FAULTS(chatd, "authd", "log in")
    FAULTS(chatd, "authd", "reload")
    FAULTS(ftpd, "parent", "connect")
    FAULTS(ftpd, "parent", "transfer")
    FAULTS(ftpd, "parent", "kick")
    FAULTS(ftpd, "parent", "reload")
    FAULTS(ftpd, "parent", "status")
    FAULTS(ftpd, "parent", "end")
    FAULTS(ftpd, "keeper", "log in")
    FAULTS(ftpd, "keeper", "reload")
    FAULTS(ftpd, "keeper", "signals")
    FAULTS(ftpd, "keeper", "authd's death")
    FAULTS(ftpd, "keeper", "parent's death")
    FAULTS(ftpd, "authd", "log in")
    FAULTS(ftpd, "authd", "reload")
}
// clang-format on

// A share for each run of the tests.
TEST_SUITE("e2e slow") {
    EACH_ONCE(chatd, "hub", "connect")
    EACH_ONCE(chatd, "hub", "join")
    EACH_ONCE(chatd, "hub", "say")
    EACH_ONCE(chatd, "spawner", "connect")
    EACH_ONCE(chatd, "keeper", "spawner's death")
    EACH_ONCE(ftpd, "parent", "connect")
    EACH_ONCE(ftpd, "parent", "transfer")
    EACH_ONCE(ftpd, "keeper", "signals")
}

} // namespace faults
