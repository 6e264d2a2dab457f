/**
 * The schema, as the steps that lead to it. A step that has been released is never edited: add the next one. `PRAGMA user_version`
 * holds how many have been taken.
 */
export const migrations: readonly string[] = [
  `
  create table meta (key text primary key, value text not null) strict;
  insert into meta values ('secret', lower(hex(randomblob(32))));

  create table resource (
    sequence integer primary key autoincrement,
    arn text not null unique,
    type text not null,
    account text not null,
    region text not null,
    name text not null,
    parent text,
    status text,
    created_ms integer not null,
    updated_ms integer not null,
    failure_reason text,
    body text not null,
    hidden text not null
  ) strict;
  create index resource_list on resource (type, account, region, sequence);
  create index resource_children on resource (parent, type, sequence);
  create index resource_status on resource (type, account, region, status);

  create table tag (
    arn text not null references resource (arn) on delete cascade,
    key text not null,
    value text not null,
    primary key (arn, key)
  ) strict, without rowid;

  create table work (
    id integer primary key autoincrement,
    arn text not null references resource (arn) on delete cascade,
    kind text not null,
    state text not null,
    attempt integer not null default 0,
    crashes integer not null default 0,
    refusals integer not null default 0,
    not_before_ms integer not null,
    queued_ms integer not null,
    started_ms integer,
    finished_ms integer,
    progress text
  ) strict;
  create index work_state on work (state, id);
  create index work_arn on work (arn, id);

  create table checkpoint (
    work_id integer not null references work (id) on delete cascade,
    name text not null,
    value text not null,
    primary key (work_id, name)
  ) strict, without rowid;
  `,
  `
  alter table resource add column group_arn text;
  with recursive member (arn, group_arn) as (
    select arn, arn from resource where type = 'dataset-group'
    union all
    select resource.arn, member.group_arn from resource join member on resource.parent = member.arn
  )
  update resource set group_arn = (select group_arn from member where member.arn = resource.arn) where type <> 'dataset-group';
  create index resource_group on resource (group_arn, type, status);
  `,
]
