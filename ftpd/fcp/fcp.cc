// SPDX-License-Identifier: ISC
// fcp and, under its other name, fls: copies files and folders from or to an ftpd, or lists what it has, over
// its in-band verbs. A client program; start reading at fetch.hh, send.hh and remote_ls.hh, and pipeline.hh
// below them. Trusts the server with nothing but the bytes of the files that were asked for.
#include "common/errors.hh"
#include "common/text.hh"
#include "common/tls/tls_client.hh"
#include "common/url.hh"
#include "ftpd/fcp/advice.hh"
#include "ftpd/fcp/fcp_options.hh"
#include "ftpd/fcp/fetch.hh"
#include "ftpd/fcp/pipeline.hh"
#include "ftpd/fcp/remote_host.hh"
#include "ftpd/fcp/remote_ls.hh"
#include "ftpd/fcp/remote_name.hh"
#include "ftpd/fcp/send.hh"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <unistd.h>

using namespace common;
using namespace ftpd;

namespace {

using Operands = std::vector<std::string>;

struct Use {
    std::span<char* const> arguments;
    const FcpOptions& options;
    Console& console;
};

TlsWish::Mode tls_of(const Use& use, const RemoteName& name) {
    return name.begins_with_tls ? TlsWish::Mode::implicit : use.options.tls.mode;
}

std::uint16_t port_of(const Use& use, const RemoteName& name) {
    if (name.port != 0) return name.port;
    if (use.options.port != 0) return use.options.port;
    return tls_of(use, name) == TlsWish::Mode::implicit ? default_tls_port : default_port;
}

// No value: all goes in the clear.
std::optional<TlsClient> client_for(const Use& use, const RemoteName& name) {
    TlsWish wish = use.options.tls;
    wish.mode = tls_of(use, name);
    if (wish.mode == TlsWish::Mode::off && (!wish.pin.empty() || !wish.issuers.empty()))
        throw UsageError("--pin and --ca-file are for TLS: say --tls, too, or ftps://HOST");
    if (wish.mode == TlsWish::Mode::off) return {};
    return TlsClient{use.arguments, std::move(wish), RelayTerms::Protocol::ftp, name.host,
                     port_of(use, name)};
}

// What is to be done, for the case that the server lacks our verbs.
using Wishes = std::vector<Wish>;

[[noreturn]] void advise(const LacksVerbs& lack, Wishes wishes) {
    std::string commands, programs;
    for (Wish& wish : wishes) {
        wish.remote.user = lack.user;
        wish.password_in_netrc = lack.password_in_netrc;
        const std::string command = command_for(wish);
        const std::string_view program = program_of(command);
        if (programs.find(program) == programs.npos)
            programs.append(programs.empty() ? "" : " and ").append(program);
        commands += "\n  " + command;
    }
    const bool several = programs.find(' ') != programs.npos;
    throw PeerError(text(lack.what(), ";\n", programs, several ? " do it:" : " does it:", commands));
}

// Works with one server. Whatever ends all of it gets the host's name in front.
void work_with(const Use& use, const RemoteName& name, bool input_is_taken, const Wishes& wishes,
               const std::function<void(Pipeline&)>& work) {
    try {
        const auto hint = [&](std::string_view line) {
            if (::isatty(STDERR_FILENO) == 1 && !use.options.quiet) use.console.hint(line);
        };
        RemoteHost host{name, port_of(use, name), input_is_taken, client_for(use, name), hint};
        Pipeline pipeline{[&] { return host.connect(); }};
        work(pipeline);
    } catch (const LacksVerbs& lack) {
        use.console.progress().end_line();
        advise(lack, wishes);
    } catch (const PeerError& error) {
        use.console.progress().end_line();
        throw PeerError(text(escape(name.host), ": ", error.what()));
    }
}

// The names that follow each other on one server, so that one connection serves them.
void for_each_server(std::vector<RemoteName> names,
                     const std::function<void(std::vector<RemoteName>)>& work) {
    for (auto first = names.begin(); first != names.end();) {
        const auto end = std::find_if(first, names.end(),
                                      [&](const RemoteName& name) { return !name.same_server(*first); });
        work({first, end});
        first = end;
    }
}

void list(const Use& use, const std::vector<RemoteName>& names, bool headings) {
    Wishes wishes;
    for (const RemoteName& name : names)
        wishes.push_back({.use = Wish::Use::list,
                          .remote = name,
                          .port = port_of(use, name),
                          .recursive = use.options.recursive,
                          .tls = tls_of(use, name)});
    work_with(use, names[0], false, wishes, [&](Pipeline& pipeline) {
        RemoteLs ls{pipeline, use.console, use.options, headings};
        for (const RemoteName& name : names) ls.add(name);
        pipeline.run();
    });
}

void run_fls(const Operands& operands, const Use& use) {
    if (operands.empty()) throw UsageError("name a remote path, as HOST:PATH: see -h");
    std::vector<RemoteName> names;
    for (const std::string& operand : operands) {
        const std::optional<RemoteName> name = parse_remote_name(operand);
        if (!name)
            throw UsageError(text(escape(operand), " is local: write HOST:PATH, or HOST: for the root"));
        names.push_back(*name);
    }
    for_each_server(names, [&](const std::vector<RemoteName>& some) { list(use, some, names.size() > 1); });
    if (std::fflush(stdout) != 0) fail("write", "standard output");
}

void fetch(const Use& use, const std::vector<RemoteName>& sources, const std::string& target) {
    Wishes wishes;
    for (const RemoteName& source : sources) {
        const bool goes_below = target != "-" && std::filesystem::is_directory(target);
        const bool has_matches = !use.options.recursive && is_pattern(source.path);
        wishes.push_back(
            {.use = Wish::Use::fetch,
             .remote = source,
             .port = port_of(use, source),
             .local = goes_below && !has_matches ? join_path(target, name_of_copy(source.path)) : target,
             .recursive = use.options.recursive,
             .tls = tls_of(use, source)});
    }
    work_with(use, sources[0], false, wishes, [&](Pipeline& pipeline) {
        Fetch fetch{pipeline, use.console, use.options, target};
        for (const RemoteName& source : sources) fetch.add(source);
        pipeline.run();
        fetch.finish();
    });
}

void send(const Use& use, const Operands& sources, const RemoteName& target) {
    const bool reads_input = std::ranges::count(sources, "-") > 0;
    if (reads_input && sources.size() > 1) throw UsageError("standard input is copied alone");
    RemoteName place = target;
    if (sources.size() > 1 && !place.path.empty() && place.path.back() != '/') place.path += '/';
    Wishes wishes;
    for (const std::string& source : sources)
        wishes.push_back({.use = Wish::Use::send,
                          .remote = place,
                          .port = port_of(use, target),
                          .local = source,
                          .recursive = use.options.recursive && std::filesystem::is_directory(source),
                          .tls = tls_of(use, target)});
    work_with(use, target, reads_input, wishes, [&](Pipeline& pipeline) {
        Send{pipeline, use.console, use.options, target}.run(sources);
    });
}

// Of what ps(1) shows; a name that is wrong is refused later.
bool holds_password(std::string_view word) {
    const std::size_t at = word.find('@');
    const std::size_t server = word.find("://") + 3;
    return (is_url("ftp", word) || is_url("ftps", word)) && at != word.npos && word.find(':', server) < at;
}

void run_fcp(const Operands& operands, const Use& use) {
    if (operands.size() < 2)
        throw UsageError("name a source and a target, one as HOST:PATH or a URL: see -h");
    const Operands sources{operands.begin(), operands.end() - 1};
    const std::optional<RemoteName> target = parse_remote_name(operands.back());
    std::vector<RemoteName> remote;
    for (const std::string& source : sources)
        if (const std::optional<RemoteName> name = parse_remote_name(source)) remote.push_back(*name);
    if (target && !remote.empty()) throw UsageError("both sides are remote: copy to a local file first");
    if (target) return send(use, sources, *target);
    if (remote.empty())
        throw UsageError("both sides are local: cp(1) copies those; a remote name is HOST:PATH");
    if (remote.size() < sources.size())
        throw UsageError("some sources are local, and so is the target: cp(1) copies those");
    if (sources.size() > 1 && operands.back() != "-" && !std::filesystem::is_directory(operands.back()))
        throw UserError(text(escape(operands.back()), " is not a folder: several sources need one"));
    for_each_server(remote, [&](const std::vector<RemoteName>& some) { fetch(use, some, operands.back()); });
}

} // namespace

int main(int argc, char** argv) {
    const std::string_view path = argv[0];
    std::string program{path.substr(path.rfind('/') + 1)};
    const bool asks_to_list = argc > 1 && std::string_view{argv[1]} == "--ls";
    const bool lists = program == "fls" || asks_to_list;
    if (asks_to_list) {
        program += " --ls";
        argv[1] = argv[0];
        ++argv;
        --argc;
    }
    return report_errors(program, [&] {
        FcpOptions options;
        const std::vector<Option> table = lists ? fls_options(options) : fcp_options(options);
        const Operands operands = parse_options(argc, argv, table);
        for (int i = 1; i < argc; ++i)
            if (holds_password(argv[i])) hide_argument(argv[i]);
        if (options.action == FcpOptions::Action::show_version)
            return std::printf("%s %s\n", program.c_str(), SUITE_VERSION), 0;
        if (options.action == FcpOptions::Action::show_usage)
            return std::printf("%s", usage_text(program, table, lists ? fls_operands : fcp_operands).c_str()),
                   0;
        const bool hides_output = !operands.empty() && operands.back() == "-" && ::isatty(STDOUT_FILENO) == 1;
        const bool is_watched = ::isatty(STDERR_FILENO) == 1 && !options.quiet && !lists && !hides_output;
        Console console{program, is_watched};
        (lists ? run_fls : run_fcp)(operands,
                                    {std::span{argv, static_cast<std::size_t>(argc)}, options, console});
        if (!console.any_failed()) console.progress().finish();
        return console.any_failed() ? 1 : 0;
    });
}
