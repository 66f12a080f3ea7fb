// SPDX-License-Identifier: ISC
// ftpd, the file server. Start reading here: options, configuration, leaving the terminal, and the parent's
// loop (parent.cc), which forks a session (session.cc) for each client; or, with -i, one session (inetd.cc).
#include "common/config.hh"
#include "common/daemon.hh"
#include "common/errors.hh"
#include "common/log.hh"
#include "common/options.hh"
#include "common/pid_file.hh"
#include "ftpd/parent/inetd.hh"
#include "ftpd/parent/parent.hh"
#include "ftpd/parent/start_checks.hh"
#include "ftpd/settings.hh"

#include <cstdio>
#include <optional>

using namespace common;
using Action = DaemonOptions::Action;

namespace {

ftpd::Serves serves(const ftpd::FtpdOptions& options) {
    return options.one_client ? ftpd::Serves::one_client : ftpd::Serves::many;
}

// -n: what a start would find, said here.
int check(const ftpd::FtpdOptions& options, const ftpd::Settings& settings) {
    change_priority(settings.nice);
    for (const common::Note& note : check_start(settings, serves(options)))
        std::fprintf(stderr, "ftpd: %s\n", note.text.c_str());
    std::printf("ftpd: configuration is good\n");
    return 0;
}

int serve_one(const DaemonOptions& options, const ftpd::Settings& settings) {
    Log log{"ftpd", "inetd", Log::Place::of(settings.log, options.foreground), settings.log_level};
    check_start(settings, ftpd::Serves::one_client); // what is no fault is for -n, not for each client
    return ftpd::serve_standard_input(settings, log);
}

int serve(const DaemonOptions& options, std::vector<ConfigLine> config, ftpd::Settings settings) {
    std::optional<Detachment> detachment;
    if (!options.foreground) detachment = Detachment::leave_terminal();
    change_priority(settings.nice);
    Log log{"ftpd", "parent", Log::Place::of(settings.log, options.foreground), settings.log_level};
    const std::string control = settings.control;
    const std::string pid_path = settings.pid_file;
    for (const common::Note& note : check_start(settings, ftpd::Serves::many))
        log.write(note.severity, note.text);
    ftpd::Parent parent{options, std::move(config), std::move(settings), log};
    const PidFile pid_file{pid_path}; // once the state's lock is ours
    discard_standard_input_and_output();
    return parent.run([&](std::string_view places) {
        tell_ready(detachment ? &*detachment : nullptr, log, {"ftpd", places, control});
    });
}

} // namespace

int main(int argc, char** argv) {
    return report_errors("ftpd", [&] {
        open_standard_descriptors();
        ftpd::FtpdOptions options;
        const std::vector<Option> table = ftpd::ftpd_options(options);
        if (!parse_options(argc, argv, table).empty()) throw UsageError("ftpd takes options only: see -h");
        if (options.action == Action::show_usage)
            return std::printf("%s", usage_text("ftpd", table, "").c_str()), 0;
        if (options.action == Action::show_version) return std::printf("ftpd %s\n", SUITE_VERSION), 0;

        std::vector<ConfigLine> config = read_config(options.file, options.lines);
        ftpd::Settings settings = ftpd::make_settings(config);
        if (options.action == Action::check) return check(options, settings);
        if (options.one_client) return serve_one(options, settings);
        return serve(options, std::move(config), std::move(settings));
    });
}
