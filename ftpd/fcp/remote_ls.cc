// SPDX-License-Identifier: ISC
#include "ftpd/fcp/remote_ls.hh"

#include "common/errors.hh"
#include "common/text.hh"

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <unistd.h>

using namespace common;

namespace ftpd {
namespace {

void print(std::string_view bytes) {
    if (std::fwrite(bytes.data(), 1, bytes.size(), stdout) != bytes.size()) fail("write", "standard output");
}

// LS, whose lines are for people.
class LongList : public Exchange {
public:
    using OnLines = std::function<void(const std::vector<std::string>&)>;
    LongList(std::string path, OnLines on_lines, ListFolder::OnRefused on_refused)
        : path_(std::move(path)), on_lines_(std::move(on_lines)), on_refused_(std::move(on_refused)) {}

    std::vector<std::string> begin() override {
        lines_.clear();
        return {path_.empty() ? "LS" : "LS " + path_};
    }
    bool wants_lines() const override { return true; }
    void on_line(std::string_view line) override {
        if (line.substr(0, 1) == " ") lines_.emplace_back(line.substr(1));
    }
    Next on_reply(const Reply& reply) override {
        if (reply.code == 213)
            on_lines_(lines_);
        else
            on_refused_(reply);
        return Next::over();
    }
    void on_loss(const std::string& why) override { on_refused_({421, why}); }

private:
    std::string path_;
    OnLines on_lines_;
    ListFolder::OnRefused on_refused_;
    std::vector<std::string> lines_;
};

} // namespace

RemoteLs::RemoteLs(Pipeline& pipeline, Console& console, const FcpOptions& options, bool headings)
    : pipeline_(pipeline),
      console_(console),
      options_(options),
      headings_(headings || options.recursive),
      is_watched_(::isatty(STDOUT_FILENO) == 1) {}

void RemoteLs::add(const RemoteName& name) { ask(parts_.insert(parts_.end(), {name, name.path, {}})); }

void RemoteLs::ask(PartPtr part) {
    const auto refused = [this, part](const Reply& reply) {
        console_.fail(part->shown(), words_of(reply));
        complete(part);
    };
    auto names = std::make_unique<ListFolder>(
        part->path, [this, part](const RemoteListing& listing) { take_listing(part, listing); }, refused);
    auto long_lines = std::make_unique<LongList>(
        part->path, [this, part](const std::vector<std::string>& lines) { take_long_lines(part, lines); },
        [this, part](const Reply&) { complete(part); }); // the other has said so
    part->answers_missing = options_.is_long ? 2 : 1;
    if (part->above.empty()) {
        pipeline_.add(std::move(names));
        if (options_.is_long) pipeline_.add(std::move(long_lines));
    } else { // the names go first here, too: they tell whether it is a folder
        if (options_.is_long) pipeline_.add_next(std::move(long_lines));
        pipeline_.add_next(std::move(names));
    }
}

bool RemoteLs::is_hidden(std::string_view name) const {
    return !options_.shows_hidden && name.substr(0, 1) == ".";
}

void RemoteLs::take_listing(PartPtr part, const RemoteListing& listing) {
    using Kind = RemoteListing::Kind;
    part->is_folder = listing.kind == Kind::folder;
    if (part->may_be_file && !part->is_folder) return complete(part);
    if (part->may_be_file && listing.self.unique.empty()) {
        console_.fail(part->shown(), not_told_apart);
        part->is_folder = false;
        return complete(part);
    }
    // As named: what stands before a file's name in the path.
    const std::string before =
        listing.kind == Kind::folder ? "" : part->path.substr(0, part->path.rfind('/') + 1);
    const auto add_name = [&](const RemoteEntry& entry) {
        const bool is_folder = entry.type == RemoteEntry::Type::folder;
        const std::string name = text(before, entry.name, options_.marks_folders && is_folder ? "/" : "");
        part->lines += (is_watched_ ? escape(name) : name) + '\n';
    };
    if (!options_.is_long && listing.kind == Kind::file) add_name(listing.self);
    for (const RemoteEntry& entry : listing.entries) {
        if (part->is_folder && is_hidden(entry.name)) continue;
        if (!options_.is_long) add_name(entry);
        if (entry.type != RemoteEntry::Type::unknown) continue;
        const std::string path = part->is_folder ? join_path(part->path, entry.name) : before + entry.name;
        console_.fail(part->named.shown(path), "the server cannot look at it");
    }
    if (listing.kind == Kind::pattern && listing.entries.empty())
        console_.fail(part->shown(), "no such name on the server");
    if (options_.recursive && listing.kind == Kind::folder) list_below(part, listing);
    complete(part);
}

// A link that has a size leads to a file.
bool RemoteLs::is_entered(const RemoteEntry& entry) const {
    using Type = RemoteEntry::Type;
    if (is_hidden(entry.name)) return false;
    return entry.type == Type::folder || (entry.type == Type::link && options_.follows_links && !entry.size);
}

void RemoteLs::list_below(PartPtr part, const RemoteListing& listing) {
    const std::string& unique = listing.self.unique;
    if (!unique.empty() && std::ranges::count(part->above, unique) > 0)
        return console_.fail(part->shown(), "leads back to a folder that contains it: not entered");
    if (options_.follows_links && !unique.empty() && !visits_.enter(unique))
        return console_.fail(part->shown(), "is met too often by way of links: not entered");
    std::vector<std::string> above = part->above;
    above.push_back(unique);
    // From the last to the first, since each goes to the front.
    PartPtr place = std::next(part);
    for (auto entry = listing.entries.rbegin(); entry != listing.entries.rend(); ++entry) {
        if (!is_entered(*entry)) continue;
        const std::string path = join_path(part->path, entry->name);
        if (path.size() > max_path_length) {
            console_.fail(part->named.shown(path),
                          text("its path is longer than ", max_path_length, " bytes: not entered"));
            continue;
        }
        const bool may_be_file = entry->type != RemoteEntry::Type::folder;
        place = parts_.insert(place, {part->named, path, above, {}, may_be_file});
        ask(place);
    }
}

void RemoteLs::take_long_lines(PartPtr part, const std::vector<std::string>& lines) {
    constexpr std::size_t no_limit = -1;
    const bool is_listed_above = part->may_be_file && !part->is_folder;
    for (const std::string& line : is_listed_above ? std::vector<std::string>{} : lines) {
        if (part->is_folder && is_hidden(name_in_long_line(line))) continue;
        part->lines += (is_watched_ ? escape(line, no_limit) : line);
        if (options_.marks_folders && line.substr(0, 1) == "d") part->lines += '/';
        part->lines += '\n';
    }
    complete(part);
}

// Prints what comes next in the order, if it is complete.
void RemoteLs::complete(PartPtr part) {
    --part->answers_missing;
    for (; !parts_.empty() && parts_.front().answers_missing == 0; parts_.pop_front()) {
        const Part& next = parts_.front();
        if (headings_ && next.is_folder)
            print(text(is_first_ ? "" : "\n", escape(next.path.empty() ? "/" : next.path), ":\n"));
        print(next.lines);
        is_first_ = false;
    }
}

std::string_view name_in_long_line(std::string_view line) {
    constexpr int fields = 8; // mode, links, user, group, size, month, day, time or year
    for (int field = 0; field < fields; ++field) {
        const std::size_t end = line.find(' ', std::min(line.find_first_not_of(' '), line.size()));
        if (end == line.npos) return {};
        line.remove_prefix(end);
    }
    line.remove_prefix(1);
    return line.substr(0, line.find(" -> "));
}

} // namespace ftpd
