// SPDX-License-Identifier: ISC
// A system call of a process that serves many fails while a scene is played: nobody who is not concerned
// notices. `make test' has a selection of the faults, `make faults' all of them: SUITE_FAULTS=all.
#include "common/text.hh"
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

    Play(MakeStage* make, std::string_view process, std::string_view scene)
        : make_(make), process_(process), scene_(scene) {}

    void run() {
        stage_ = make_();
        const auto seen = watch();
        REQUIRE(!seen.empty());
        const std::vector<Fault> faults = faults_for(seen);
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
        stage_->verify(0);
        return seen.calls;
    }

    void play(const Fault& fault) {
        const std::size_t before = stage_->daemon().log().size();
        const pid_t pid = stage_->process(process_);
        std::string how = "played to its end";
        Seen seen;
        try {
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
            const unsigned may_lose = is_about_a_peer(fault.call) ? seen.failed : 0;
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
    std::unique_ptr<Stage> stage_; // empty: to be made anew
    unsigned hit_ = 0, not_lived_through_ = 0;
};

void play(Play::MakeStage* make, std::string_view process, std::string_view scene) {
    if (const std::string why = why_no_strace(); !why.empty()) return tests::skip(why);
    try {
        Play{make, process, scene}.run();
    } catch (const CannotTrace& why) { // only root may trace a process that keeps its memory to itself
        tests::skip(why.what());
    }
}

} // namespace

#define FAULTS(make, process, scene)                                                                         \
    TEST_CASE("faults: " process ": " scene) { play(make, process, scene); }

TEST_SUITE("e2e slow faults") {
    FAULTS(make_chat_stage, "hub", "connect")
    FAULTS(make_chat_stage, "hub", "log in")
    FAULTS(make_chat_stage, "hub", "join")
    FAULTS(make_chat_stage, "hub", "say")
    FAULTS(make_chat_stage, "hub", "leave")
    FAULTS(make_chat_stage, "hub", "kick")
    FAULTS(make_chat_stage, "hub", "reload")
    FAULTS(make_chat_stage, "hub", "history")
    FAULTS(make_chat_stage, "hub", "end")
    FAULTS(make_chat_stage, "spawner", "connect")
    FAULTS(make_chat_stage, "spawner", "reload")
    FAULTS(make_chat_stage, "spawner", "kick")
    FAULTS(make_chat_stage, "spawner", "end")
    FAULTS(make_chat_stage, "authd", "log in")
    FAULTS(make_chat_stage, "authd", "reload")
    FAULTS(make_ftp_stage, "parent", "connect")
    FAULTS(make_ftp_stage, "parent", "transfer")
    FAULTS(make_ftp_stage, "parent", "kick")
    FAULTS(make_ftp_stage, "parent", "reload")
    FAULTS(make_ftp_stage, "parent", "status")
    FAULTS(make_ftp_stage, "parent", "end")
    FAULTS(make_ftp_stage, "authd", "log in")
    FAULTS(make_ftp_stage, "authd", "reload")
}

} // namespace faults
