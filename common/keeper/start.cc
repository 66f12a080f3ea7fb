// SPDX-License-Identifier: ISC
#include "common/keeper/start.hh"

#include "common/daemon.hh"
#include "common/keeper/keeper.hh"
#include "common/keeper/keeper_link.hh"
#include "common/keeper/trial.hh"
#include "common/text.hh"

#include <algorithm>
#include <utility>

namespace common {
namespace {

// Which the new version has opened on trial; none: it is not a file, or is to be opened.
Fd take_log(Paper& paper) {
    const auto found = std::ranges::find(paper.opened, label_of_log, &Paper::Labelled::label);
    return found == paper.opened.end() ? Fd{} : Fd{std::exchange(found->fd, -1)};
}

} // namespace

int start_daemon(const Startup& startup, const DaemonOptions& options, const Invocation& invocation,
                 std::optional<Paper> paper) {
    const bool is_first = !paper;
    std::optional<Detachment> detachment;
    std::optional<Log> log;
    const auto prepare = [&](const std::vector<ConfigLine>& config, bool checks) {
        const DaemonSettings& settings = startup.read(config);
        if (!is_first)
            Detachment::leave_folder(options.foreground);
        else if (!options.foreground)
            detachment = Detachment::leave_terminal();
        std::string priority_stays;
        try {
            change_priority(settings.nice, invocation.priority());
        } catch (const std::exception& error) {
            if (is_first) throw;
            priority_stays = error.what();
        }
        log.emplace(startup.duties.program, "keeper", Log::Place::of(settings.log, options.foreground),
                    settings.log_level, paper ? take_log(*paper) : Fd{});
        if (!priority_stays.empty() && !checks)
            log->warning(text(priority_stays, ": a change of 'nice' waits for the next start"));
        if (!checks) return;
        for (const Note& note : startup.check()) log->write(note.severity, note.text);
    };
    if (paper && paper->is_for_trial())
        return run_on_trial(*paper, [&] {
            std::vector<ConfigLine> config = read_config(options.file, options.lines);
            prepare(config, true);
            Plan plan = startup.duties.make_plan(config);
            return Prepared{std::move(config), std::move(plan), log->file()};
        });
    std::vector<ConfigLine> config =
        paper ? std::move(paper->config) : read_config(options.file, options.lines);
    prepare(config, is_first);
    Keeper keeper{startup.duties, options, std::move(config), *log, invocation, std::move(paper)};
    return keeper.run(detachment ? &*detachment : nullptr);
}

} // namespace common
