// SPDX-License-Identifier: ISC
#include "common/daemon_settings.hh"

#include "common/amounts.hh"
#include "common/errors.hh"
#include "common/state.hh"
#include "common/text.hh"

#include <algorithm>
#include <array>
#include <unistd.h>

using namespace std::chrono_literals;

namespace common {
namespace {

constexpr std::chrono::seconds max_idle{1'000'000};
constexpr std::chrono::seconds max_keepalive{32767}; // tcp(7)

// The words of `when-full'.
constexpr std::array<std::string_view, 2> when_full_words{"wait", "refuse"};
// And of `sandbox'.
constexpr std::array<std::string_view, 2> sandbox_words{"wanted", "required"};

int parse_nice(Words words) {
    const std::string& word = only_word(words, "a priority");
    const auto number = parse_number<int>(word, -20, 19);
    if (!number)
        throw UserError(text("'", escape(word, 64), "' is not a priority: write a number of -20 to 19"));
    return *number;
}

// The daemon changes to / when it detaches, so a relative path would change its meaning.
std::string parse_path(Words words, std::string_view what) {
    const std::string& word = only_word(words, what);
    if (word.empty() || word[0] != '/')
        throw UserError(text("'", escape(word), "' is not ", what, ": write a path that begins with /"));
    return word;
}

constexpr std::string_view irc_behind = " irc", tls_behind = " tls"; // an address

// Likewise; what else an address may be is checked when it is looked up.
std::string parse_listener(Words words, const DaemonDefaults& defaults) {
    const auto takes = [&](std::string_view word) {
        if (words.size() < 2 || words.back() != word) return false;
        words = words.first(words.size() - 1);
        return true;
    };
    const bool may_be_tls = defaults.listen_arguments.ends_with("[tls]");
    const bool may_be_irc = defaults.listen_arguments.find("[irc]") != std::string_view::npos;
    const bool is_last_tls = may_be_tls && takes("tls");
    const bool is_irc = may_be_irc && takes("irc");
    const bool is_tls = is_last_tls || (may_be_tls && takes("tls"));
    const std::string& word = only_word(words, "an address with its port");
    const bool is_path = word.starts_with("unix:");
    if (is_tls && is_path)
        throw UserError(text("'", escape(word), "' is a socket of this machine: leave out tls"));
    if (is_path && !word.starts_with("unix:/"))
        throw UserError(
            text("'", escape(word), "' does not name a path: write unix: and a path that begins with /"));
    if (is_path && word.ends_with(irc_behind))
        throw UserError(text("'", escape(word),
                             "' ends in a blank and irc: choose another path, or write irc "
                             "as a word of its own"));
    std::string place = word;
    if (is_irc) place += irc_behind;
    if (is_tls) place += tls_behind;
    return place;
}

std::string parse_log(Words words) {
    const std::string& word = only_word(words, "a place for the log");
    if (word == "syslog" || word == "stderr") return word;
    if (word.empty() || word[0] != '/')
        throw UserError(text("'", escape(word),
                             "' is not a place for the log: write syslog, stderr, or a path "
                             "that begins with /"));
    return word;
}

} // namespace

ListenPlace::ListenPlace(const std::string& given) : address(given) {
    is_tls = !given.starts_with("unix:") && address.ends_with(tls_behind);
    if (is_tls) address.resize(address.size() - tls_behind.size());
    is_irc = address.ends_with(irc_behind);
    if (is_irc) address.resize(address.size() - irc_behind.size());
}

std::vector<Directive> daemon_directives(DaemonSettings& s, const DaemonDefaults& defaults) {
    using Repeats = Directive::Repeats;
    using Reload = Directive::Reload;
    constexpr unsigned million = 1'000'000;
    return {
        {"listen", defaults.listen_arguments, defaults.listen,
         "where clients connect; also [IPV6]:PORT, *:PORT, unix:PATH", Repeats::yes, Reload::yes,
         [&s, &defaults](Words w) { s.listen.push_back(parse_listener(w, defaults)); }},
        {"state", "DIR", "", "the directory of the lock and the control socket", Repeats::no,
         Reload::at_start, [&](Words w) { s.state = parse_path(w, "a directory"); }},
        {"control", "PATH", "", "the control socket", Repeats::no, Reload::at_upgrade,
         [&](Words w) { s.control = parse_path(w, "a path"); }},
        {"max-clients", "N", "1000", "clients at once; 0 means 16384", Repeats::no, Reload::yes,
         [&](Words w) {
             const unsigned given = parse_count(w, "a number of clients", 0, client_ceiling);
             s.max_clients = given == 0 ? client_ceiling : given;
         }},
        {"when-full", "wait|refuse", "wait", "what becomes of clients beyond max-clients", Repeats::no,
         Reload::yes, [&](Words w) { s.refuses_when_full = parse_choice(w, when_full_words) == 1; }},
        {"max-per-address", "N", "100", "clients at once from one address; 0 means no limit", Repeats::no,
         Reload::yes,
         [&](Words w) { s.per_address.max_per_address = parse_count(w, "a number of clients", 0, million); }},
        {"connect-rate", "N", "50", "new clients per second from one address; 0 means no limit", Repeats::no,
         Reload::yes,
         [&](Words w) { s.per_address.connect_rate = parse_count(w, "a number of clients", 0, million); }},
        {"idle-timeout", "TIME", defaults.idle_timeout, "how long a client may be silent; 0 means no limit",
         Repeats::no, Reload::yes, [&](Words w) { s.idle_timeout = parse_time(w, 0s, max_idle); }},
        {"keepalive", "TIME", "0",
         "how long a connection is silent before it is probed; 0 means as the system has it", Repeats::no,
         Reload::yes, [&](Words w) { s.keepalive = parse_time(w, 0s, max_keepalive); }},
        {"run-as", "USER", "nobody", "the user that the children run as if root started the daemon",
         Repeats::no, Reload::at_upgrade, [&](Words w) { s.run_as = only_word(w, "a user's name"); }},
        {defaults.main_user, "USER", "daemon", defaults.main_user_help, Repeats::no, Reload::at_start,
         [&](Words w) { s.main_user = only_word(w, "a user's name"); }},
        {"sandbox", "required|wanted", "wanted",
         "whether the daemon starts only where the system can shut in its children", Repeats::no,
         Reload::at_upgrade, [&](Words w) { s.needs_sandbox = parse_choice(w, sandbox_words) == 1; }},
        {"nice", "N", "0", "the daemon's scheduling priority, -20 to 19", Repeats::no, Reload::at_upgrade,
         [&](Words w) { s.nice = parse_nice(w); }},
        {"events", "BACKEND", "", "how to wait: select, poll, epoll or epoll-edge", Repeats::no,
         Reload::at_upgrade,
         [&](Words w) { s.events = s.child_events = parse_backend(only_word(w, "a backend")); }},
        {"log", "FILE|syslog|stderr", "", "where the log goes", Repeats::no, Reload::at_upgrade,
         [&](Words w) { s.log = parse_log(w); }},
        {"pid-file", "PATH", "", "a file for the daemon's process number", Repeats::no, Reload::at_upgrade,
         [&](Words w) { s.pid_file = parse_path(w, "a path"); }},
        {"log-level", "error|warning|notice|detail", "notice", "the lowest severity that is logged",
         Repeats::no, Reload::yes,
         [&](Words w) { s.log_level = static_cast<Severity>(parse_choice(w, severity_words)); }},
        {"users", "FILE", "", "the file of the users who have a password", Repeats::no, Reload::at_upgrade,
         [&](Words w) { s.users = parse_path(w, "a file"); }},
        {"login-tries", "N", "3", "wrong passwords that end a connection", Repeats::no, Reload::yes,
         [&](Words w) { s.login_tries = parse_count(w, "a number of tries", 1, 100); }},
        {"login-holdoff", "TIME", "300",
         "the longest wait of an address whose logins keep failing; 0 means none", Repeats::no, Reload::yes,
         [&](Words w) { s.login_holdoff = parse_time(w, 0s, 24h); }},
        {"login-timeout", "TIME", "60", "how long a client may take to come in; 0 means no limit",
         Repeats::no, Reload::yes, [&](Words w) { s.login_timeout = parse_time(w, 0s, 24h); }},
    };
}

std::optional<DaemonUsers> find_users(const DaemonSettings& settings, std::string_view main_directive,
                                      std::span<const Identity> known) {
    if (::geteuid() != 0) return {};
    const auto find = [&](const std::string& name, std::string_view directive) {
        const auto there = std::ranges::find(known, name, &Identity::name);
        return there == known.end() ? find_user(name, directive) : *there;
    };
    DaemonUsers users{find(settings.main_user, main_directive), find(settings.run_as, "run-as")};
    if (users.main.uid == users.children.uid)
        throw UserError(
            text(main_directive, ' ', settings.main_user,
                 ": run-as is the same user, and could signal and trace what serves: name another"));
    return users;
}

void complete_settings(DaemonSettings& settings, const DaemonDefaults& defaults) {
    if (settings.state.empty()) settings.state = default_state_directory(defaults.daemon);
    if (settings.control.empty()) settings.control = settings.state + "/control";
}

} // namespace common
