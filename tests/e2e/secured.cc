// SPDX-License-Identifier: ISC
#include "tests/e2e/secured.hh"

#include "common/text.hh"
#include "tests/e2e/proc.hh"

#include <csignal>

using common::text;

namespace e2e {

Secured::Secured(const Words& lines, std::size_t listeners) : own_(make_certificate(folder_, "own")) {
    Daemon::Setting setting;
    setting.listeners = listeners;
    setting.lines = {"anonymous write", "certificate " + own_.certificate.string() + ' ' + own_.key.string()};
    setting.lines.insert(setting.lines.end(), lines.begin(), lines.end());
    daemon_.emplace(setting);
}

void Secured::reload(std::string_view expected) {
    const std::size_t before = daemon_->log().size();
    daemon_->signal(SIGHUP);
    daemon_->wait_for_log(expected, before);
}

std::vector<pid_t> Secured::processes(const std::string& role) const {
    std::vector<pid_t> all;
    for (const ProcessStatus& child : children_of(daemon_->pid()))
        if (command_line_of(child.pid).find('\0' + role + '\0') != std::string::npos)
            all.push_back(child.pid);
    return all;
}

std::vector<pid_t> Secured::relays() const {
    std::vector<pid_t> all;
    for (const pid_t tlsd : processes("tlsd"))
        for (const ProcessStatus& child : children_of(tlsd))
            if (child.state != 'Z') all.push_back(child.pid);
    return all;
}

std::string Secured::url(std::string_view path) const {
    return text("ftp://localhost:", daemon_->port(), '/', path);
}

Words Secured::curl(const Words& more) const {
    Words command{"curl", "-sS", "--ssl-reqd", "--cacert", certificate()};
    command.insert(command.end(), more.begin(), more.end());
    return command;
}

Words Secured::lftp(std::string_view commands, std::string_view settings) const {
    return {"lftp", "-c",
            text("set cmd:fail-exit yes; set net:max-retries 2; set ssl:ca-file ", certificate(),
                 "; set ftp:ssl-force yes; set ftp:ssl-allow-anonymous yes; set ftp:ssl-protect-data yes; ",
                 settings, " open localhost:", daemon_->port(), "; ", commands)};
}

} // namespace e2e
