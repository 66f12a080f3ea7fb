// SPDX-License-Identifier: ISC
#include "ftpd/fcp/send.hh"

#include "common/errors.hh"
#include "common/text.hh"
#include "ftpd/fcp/local_target.hh"
#include "ftpd/formats.hh"

#include <algorithm>
#include <fcntl.h>
#include <map>
#include <set>

using namespace common;

namespace ftpd {
namespace {

std::string without_slashes(std::string path) {
    while (path.size() > 1 && path.back() == '/') path.pop_back();
    return path;
}

std::string_view folder_of(std::string_view path) {
    return path.substr(0, std::max<std::size_t>(path.rfind('/') + 1, 1) - 1);
}

} // namespace

Send::Send(Pipeline& pipeline, Console& console, const FcpOptions& options, RemoteName target)
    : pipeline_(pipeline), console_(console), options_(options), target_(std::move(target)) {}

void Send::run(const std::vector<std::string>& sources) {
    const bool is_input = sources == std::vector<std::string>{"-"};
    if (is_input && name_of_copy(target_.path).empty())
        throw UserError(text("standard input has no name: write ", shown(target_.path), "NAME"));
    std::map<std::string, std::vector<LocalItem>> plans;
    for (const std::string& source : sources)
        plans[source] =
            walk(source, options_.recursive, options_.follows_links ? Links::followed : Links::left_out,
                 [&](const std::string& path, const std::string& why) { console_.fail(escape(path), why); });
    const bool nothing = std::ranges::all_of(plans, [](const auto& plan) { return plan.second.empty(); });
    if (nothing) return;
    if (!is_input) find_out_what_target_is();
    if (sources.size() > 1 && !is_folder_)
        throw UserError(text(shown(target_.path), " is not a folder: several sources need one"));
    std::set<std::string> taken;
    for (const std::string& source : sources) {
        if (plans[source].empty()) continue;
        const std::string top = path_of_copy(source, plans[source][0].is_folder());
        // As cp(1) has it: what this very command copies is not replaced by another of its sources.
        if (name_of_copy(source).empty() || taken.insert(top).second)
            send_tree(top, plans[source]);
        else
            console_.fail(escape(source), text("another source is copied to ", shown(top), " already"));
    }
    pipeline_.run();
}

void Send::find_out_what_target_is() {
    is_folder_ = target_.path.empty() || target_.path == "/";
    if (is_folder_) return;
    // And back, since the paths that follow begin at the top.
    pipeline_.add(std::make_unique<Ask>(
        std::vector<std::string>{"CWD " + target_.path, "CWD /"},
        [&](const std::vector<Reply>& replies) { is_folder_ = replies[0].code == 250; }));
    pipeline_.run();
}

std::string Send::path_of_copy(const std::string& source, bool is_folder) const {
    const std::string_view name = name_of_copy(source);
    if (is_folder_) return name.empty() ? target_.path : join_path(target_.path, name);
    if (!is_folder && !target_.path.empty() && target_.path.back() == '/')
        throw UserError(text(shown(target_.path), " is not a folder there"));
    return without_slashes(target_.path);
}

void Send::send_tree(const std::string& top, const std::vector<LocalItem>& items) {
    std::map<std::string, FolderPtr> folders; // by their path below the top
    const auto path_of = [&](const LocalItem& item) {
        return item.relative.empty() ? top : join_path(top, item.relative);
    };
    for (const LocalItem& item : items) {
        const auto above = folders.find(std::string{folder_of(item.relative)});
        const FolderPtr folder = above == folders.end() ? nullptr : above->second;
        if (item.is_folder())
            folders[item.relative] = make_folder(path_of(item), folder);
        else
            send_file(item, path_of(item), folder);
    }
    if (!options_.keeps_facts) return;
    for (auto item = items.rbegin(); item != items.rend(); ++item)
        if (item->is_folder() && !name_of_copy(path_of(*item)).empty())
            pipeline_.add_last(keep_facts(path_of(*item), item->status));
}

// It may be there already, which MKD's refusal does not tell apart from others.
Send::FolderPtr Send::make_folder(const std::string& path, const FolderPtr& above) {
    auto folder = std::make_shared<Folder>();
    if (name_of_copy(path).empty()) return folder;
    pipeline_.add(std::make_unique<Ask>(std::vector<std::string>{"MKD " + path, "CWD " + path, "CWD /"},
                                        [this, path, above, folder](const std::vector<Reply>& replies) {
                                            if (replies[0].code == 257 || replies[1].code == 250) return;
                                            folder->has_failed = true;
                                            if (!above || !above->has_failed)
                                                console_.fail(shown(path), words_of(replies[0]));
                                        }));
    return folder;
}

void Send::send_file(const LocalItem& item, const std::string& path, const FolderPtr& above) {
    const bool is_regular = S_ISREG(item.status.st_mode);
    PutFile::Job job{.local = item.path,
                     .is_stream = !is_regular,
                     .path = path,
                     .shown = shown(path),
                     .expected = is_regular ? static_cast<std::uint64_t>(item.status.st_size) : 0,
                     .is_lost = [above] { return above && above->has_failed; }};
    if (is_regular) console_.progress().expect(job.expected);
    if (options_.continues && is_regular) return go_on_with(job, item);
    start(std::move(job));
}

// -c: what the server has is compared with the beginning of ours before anything is sent.
void Send::go_on_with(const PutFile::Job& job, const LocalItem& item) {
    const auto answered = [this, job, item](const std::vector<Reply>& replies) {
        PutFile::Job next = job;
        const std::optional<StatedSum> there = parse_stated_sum(replies[0].text);
        const bool is_there = replies[0].code == 213 && there && there->size <= job.expected;
        try {
            if (!is_there || there->size == 0 ||
                sum_of(open_to_read(job.local), job.local, there->size).shown() != there->shown)
                return start(std::move(next));
        } catch (const std::system_error& error) {
            return console_.fail(error.what());
        }
        next.offset = there->size;
        if (next.offset < job.expected) return start(std::move(next));
        // All of it is there; but it may be an upload that lacks nothing except its end.
        pipeline_.add_next(std::make_unique<Ask>(std::vector<std::string>{"MDTM " + job.path},
                                                 [this, next, item](const std::vector<Reply>& found) {
                                                     if (found[0].code != 213) return start(next);
                                                     console_.progress().add(next.expected);
                                                     if (options_.keeps_facts)
                                                         pipeline_.add_next(
                                                             keep_facts(next.path, item.status));
                                                 }));
    };
    pipeline_.add(
        std::make_unique<Ask>(std::vector<std::string>{"SITE CKSUM " + job.path}, answered, job.expected));
}

void Send::start(PutFile::Job job) {
    const std::string path = job.path;
    const auto stored = [this, path](const struct stat& status) {
        if (options_.keeps_facts) pipeline_.add_next(keep_facts(path, status));
    };
    pipeline_.add(std::make_unique<PutFile>(std::move(job), console_, stored));
}

std::unique_ptr<Exchange> Send::keep_facts(const std::string& path, const struct stat& status) {
    return std::make_unique<Ask>(
        std::vector<std::string>{text("MFMT ", format_timestamp(status.st_mtime), ' ', path),
                                 text("SITE CHMOD ", format_mode(status.st_mode), ' ', path)},
        [this, path](const std::vector<Reply>& replies) {
            for (const Reply& reply : replies)
                if (reply.code >= 400) return console_.fail(shown(path), "copied, but: " + words_of(reply));
        });
}

} // namespace ftpd
