// SPDX-License-Identifier: ISC
// fls: lists what a server has, in the manner of ls(1). Folders are asked for many at a time and shown in
// their order.
#pragma once

#include "ftpd/fcp/console.hh"
#include "ftpd/fcp/fcp_options.hh"
#include "ftpd/fcp/pipeline.hh"
#include "ftpd/fcp/remote_listing.hh"
#include "ftpd/fcp/remote_name.hh"
#include "ftpd/fcp/walk_limits.hh"

#include <list>
#include <memory>
#include <string>

namespace ftpd {

class RemoteLs {
public:
    // headings: each folder's name stands before it, as several need.
    RemoteLs(Pipeline& pipeline, Console& console, const FcpOptions& options, bool headings);

    void add(const RemoteName& name);

private:
    // One path's part of the output.
    struct Part {
        RemoteName named;
        std::string path;
        std::vector<std::string> above; // what the folders that it is in are on the server
        std::string lines{};
        bool may_be_file = false; // a link that is followed, whose own line stands in its folder's part
        bool is_folder = false;   // once listed
        unsigned answers_missing = 1;
        std::string shown() const { return named.shown(path); }
    };
    using PartPtr = std::list<Part>::iterator;
    void ask(PartPtr part);
    void take_listing(PartPtr part, const RemoteListing& listing);
    void list_below(PartPtr part, const RemoteListing& listing);
    void take_long_lines(PartPtr part, const std::vector<std::string>& lines);
    void complete(PartPtr part);
    bool is_hidden(std::string_view name) const;
    bool is_entered(const RemoteEntry& entry) const;

    Pipeline& pipeline_;
    Console& console_;
    const FcpOptions& options_;
    bool headings_;
    bool is_watched_; // standard output is a terminal
    bool is_first_ = true;
    Visits visits_;         // of folders on the server
    std::list<Part> parts_; // in the order of the output, as far as it is not out yet
};

// The name in a line of `ls -l', as ftpd's LS writes it, without what a link leads to; empty: not found.
std::string_view name_in_long_line(std::string_view line);

} // namespace ftpd
