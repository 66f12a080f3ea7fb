// SPDX-License-Identifier: ISC
#include "ftpd/fcp/fetch.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <fcntl.h>
#include <sys/stat.h>

using namespace common;

namespace ftpd {
namespace {

bool is_stream(const std::string& path) {
    struct stat status {};
    return path == "-" || (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode));
}

} // namespace

Fetch::Fetch(Pipeline& pipeline, Console& console, const FcpOptions& options, std::string target)
    : pipeline_(pipeline), console_(console), options_(options), target_(std::move(target)) {
    struct stat status {};
    is_folder_ = target_ != "-" && ::stat(target_.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
    if (is_folder_) tree_ = std::make_unique<LocalTree>(target_);
}

KeptFacts Fetch::kept(const RemoteEntry& entry) const {
    return options_.keeps_facts ? KeptFacts{entry.modified, entry.mode} : KeptFacts{};
}

Fetch::Destination Fetch::destination_of(std::string_view path) {
    if (!is_folder_) return {nullptr, target_};
    return {tree_->top(), std::string{name_of_copy(path)}};
}

// As cp(1) has it: what this very command copies is not replaced by another of its sources.
bool Fetch::is_taken(const Source& source) {
    const std::string name{name_of_copy(source.path)};
    if (!is_folder_ || name.empty() || taken_.insert(name).second) return false;
    console_.fail(source.shown(), text("another source is copied to ", escape(name), " already"));
    return true;
}

void Fetch::fetch_top_file(const Source& source, const RemoteEntry& entry) {
    if (!is_taken(source)) fetch_file(source, entry, destination_of(source.path));
}

void Fetch::add(const RemoteName& name) {
    const Source source{name, name.path};
    const auto refused = [this, source](const Reply& reply) {
        // Who may not list may fetch all the same.
        if (options_.recursive || name_of_copy(source.path).empty())
            return console_.fail(source.shown(), words_of(reply));
        fetch_top_file(source, {});
    };
    pipeline_.add(std::make_unique<ListFolder>(
        source.path, [this, source](const RemoteListing& listing) { fetch_what_is_there(source, listing); },
        refused));
}

void Fetch::fetch_what_is_there(const Source& source, const RemoteListing& listing) {
    using Kind = RemoteListing::Kind;
    if (listing.kind == Kind::pattern) return fetch_matches(source, listing);
    if (listing.kind == Kind::folder) return fetch_top_folder(source, listing);
    fetch_top_file(source, listing.self);
}

void Fetch::fetch_matches(const Source& source, const RemoteListing& listing) {
    const std::string folder = source.path.substr(0, source.path.rfind('/') + 1);
    if (listing.entries.empty()) return console_.fail(source.shown(), "no such name on the server");
    if (listing.entries.size() > 1 && !is_folder_ && target_ != "-")
        return console_.fail(source.shown(),
                             text("several match, and ", escape(target_), " is not a folder"));
    for (const RemoteEntry& entry : listing.entries) fetch_entry({source.named, folder + entry.name}, entry);
}

// One that matches a pattern. Of a folder, or what may be one, its listing is needed, too.
void Fetch::fetch_entry(const Source& source, const RemoteEntry& entry) {
    using Type = RemoteEntry::Type;
    if (entry.type == Type::link && options_.recursive && !options_.follows_links)
        return console_.fail(source.shown(), link_left_out);
    if (entry.type == Type::file || entry.type == Type::other) return fetch_top_file(source, entry);
    add({source.named.user, source.named.host, source.path});
}

void Fetch::fetch_top_folder(const Source& source, const RemoteListing& listing) {
    if (!options_.recursive) return console_.fail(source.shown(), "is a folder: -r copies it");
    if (target_ == "-") return console_.fail(source.shown(), "is a folder: it needs one to be copied into");
    if (is_taken(source)) return;
    try {
        if (!tree_) tree_ = std::make_unique<LocalTree>(LocalTree::make_at(target_));
    } catch (const std::system_error& error) {
        return console_.fail(error.what());
    }
    const std::string name{is_folder_ ? name_of_copy(source.path) : std::string_view{}};
    const auto folder = std::make_shared<const LocalTree::Folder>(
        LocalTree::Folder{name.empty() ? nullptr : tree_->top(), name, listing.self.unique});
    fetch_folder(source, folder, listing);
}

// What a folder, a link or something of an unknown type turns out to be is fetched.
void Fetch::look_and_fetch(const Source& source, const Destination& destination, RemoteEntry::Type type) {
    using Kind = RemoteListing::Kind;
    const bool may_be_file = type != RemoteEntry::Type::folder;
    const auto listed = [this, source, destination, may_be_file](const RemoteListing& listing) {
        if (may_be_file && listing.kind == Kind::file) return fetch_file(source, listing.self, destination);
        if (listing.kind != Kind::folder)
            return console_.fail(source.shown(),
                                 may_be_file ? "is no longer there" : "is no longer a folder");
        if (may_be_file && listing.self.unique.empty()) return console_.fail(source.shown(), not_told_apart);
        const LocalTree::Folder folder{destination.folder, destination.name, listing.self.unique};
        fetch_folder(source, std::make_shared<const LocalTree::Folder>(folder), listing);
    };
    const auto refused = [this, source](const Reply& reply) {
        console_.fail(source.shown(), words_of(reply));
    };
    pipeline_.add_next(std::make_unique<ListFolder>(source.path, listed, refused));
}

void Fetch::fetch_folder(const Source& source, const LocalTree::FolderPtr& folder,
                         const RemoteListing& listing) {
    if (is_loop(*folder)) return console_.fail(source.shown(), leads_back);
    if (options_.follows_links && !folder->unique.empty() && !visits_.enter(folder->unique))
        return console_.fail(source.shown(), met_too_often);
    if (listing.left_out > 0)
        console_.fail(source.shown(),
                      text("the server lists names that lead elsewhere: ", listing.left_out, " left out"));
    try {
        tree_->make(folder);
    } catch (const std::system_error& error) {
        return console_.fail(source.shown(), error.what());
    }
    if (options_.keeps_facts) kept_.emplace_back(folder, kept(listing.self));
    for (const RemoteEntry& entry : listing.entries)
        fetch_below({source.named, join_path(source.path, entry.name)}, folder, entry);
}

void Fetch::fetch_below(const Source& source, const LocalTree::FolderPtr& folder, const RemoteEntry& entry) {
    using Type = RemoteEntry::Type;
    if (source.path.size() > max_path_length)
        return console_.fail(source.shown(),
                             text("its path is longer than ", max_path_length, " bytes: left out"));
    switch (entry.type) {
    case Type::file: return fetch_file(source, entry, {folder, entry.name});
    case Type::link:
        if (!options_.follows_links) return console_.fail(source.shown(), link_left_out);
        [[fallthrough]];
    case Type::folder:
    case Type::unknown: return look_and_fetch(source, {folder, entry.name}, entry.type);
    case Type::other: return console_.fail(source.shown(), "is neither a file nor a folder: left out");
    }
}

void Fetch::fetch_file(const Source& source, const RemoteEntry& entry, const Destination& destination) {
    GetFile::Job job{.path = source.path,
                     .shown = source.shown(),
                     .size = {},
                     .kept = kept(entry),
                     .open = {},
                     .start = options_.continues ? LocalTarget::Start::anew_kept : LocalTarget::Start::anew,
                     .offset = 0,
                     .whole = {}};
    job.size = entry.size;
    if (entry.size) console_.progress().expect(*entry.size);
    if (!destination.folder && is_stream(destination.name)) {
        job.open = [name = destination.name](auto) { return std::make_unique<LocalTarget>(name); };
        pipeline_.add(std::make_unique<GetFile>(std::move(job), console_));
        return;
    }
    job.open = [this, destination](LocalTarget::Start how) {
        if (!destination.folder)
            return std::make_unique<LocalTarget>(nullptr, follow_link(destination.name), destination.name,
                                                 how);
        return std::make_unique<LocalTarget>(tree_->open(destination.folder), destination.name,
                                             tree_->path_of(destination.folder, destination.name), how);
    };
    if (options_.continues) return go_on_with(std::move(job), destination);
    pipeline_.add(std::make_unique<GetFile>(std::move(job), console_));
}

// -c: with what is there, if it can be the file's beginning; which the checksum of all of it tells in the
// end.
void Fetch::go_on_with(GetFile::Job job, const Destination& destination) {
    Leftover left;
    Destination real = destination;
    try {
        if (!destination.folder) real.name = follow_link(destination.name);
        left = find_leftover(destination.folder ? tree_->open(destination.folder) : nullptr, real.name);
    } catch (const std::system_error& error) {
        return console_.fail(job.shown, error.what());
    }
    if (!left.in_place && !left.partial) return start(std::move(job), real);
    const std::uint64_t size = job.size.value_or(0);
    const std::string command = "SITE CKSUM " + job.path;
    const auto answered = [this, job, real, left](const std::vector<Reply>& replies) {
        const Reply& reply = replies[0];
        const std::optional<StatedSum> whole = parse_stated_sum(reply.text);
        if (reply.code != 213 || !whole) return console_.fail(job.shown, words_of(reply));
        GetFile::Job next = job;
        next.whole = whole->shown;
        if (is_complete(real, left, next, whole->size)) return;
        next.offset = left.partial.value_or(0) > 0 ? *left.partial : left.in_place.value_or(0);
        if (next.offset == 0 || next.offset > whole->size) return start(job, real);
        next.start = LocalTarget::Start::resumed;
        start(std::move(next), real);
    };
    pipeline_.add(std::make_unique<Ask>(std::vector<std::string>{command}, answered, size));
}

// Whether the file in place is all of it already; then nothing is fetched.
bool Fetch::is_complete(const Destination& destination, const Leftover& left, const GetFile::Job& job,
                        std::uint64_t size) {
    if (left.in_place != size) return false;
    try {
        const SharedFd folder = destination.folder ? tree_->open(destination.folder) : nullptr;
        if (sum_of(open_regular(folder, destination.name), destination.name).shown() != job.whole)
            return false;
        set_facts(open_regular(folder, destination.name), job.kept, destination.name);
    } catch (const std::system_error& error) {
        console_.fail(job.shown, error.what());
        return true;
    }
    console_.progress().add(job.size.value_or(0));
    return true;
}

void Fetch::start(GetFile::Job job, const Destination& destination) {
    GetFile::Job anew = job;
    anew.start = LocalTarget::Start::anew_kept;
    anew.offset = 0;
    anew.whole.clear();
    const auto on_wrong_beginning = [this, anew, destination] {
        if (anew.size) console_.progress().expect(*anew.size);
        start(anew, destination);
    };
    pipeline_.add(std::make_unique<GetFile>(std::move(job), console_, on_wrong_beginning));
}

void Fetch::finish() {
    for (auto entry = kept_.rbegin(); entry != kept_.rend(); ++entry) {
        try {
            tree_->keep_facts(entry->first, entry->second);
        } catch (const std::system_error& error) {
            console_.fail(error.what());
        }
    }
}

} // namespace ftpd
