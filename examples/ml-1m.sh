#!/usr/bin/env bash
# The whole way on real data with the AWS CLI against a running server: MovieLens-1M in, ten recommendations for each of 6,040 people out.
# Start `npm start` in another terminal, then:  examples/ml-1m.sh [FOLDER]
#   FOLDER    interactions.csv, whose first column is USER_ID; items.csv and users.csv may be absent (default ../shared/data/ml-1m)
#   ENDPOINT  where the server listens (default http://127.0.0.1:8001)
#   BUCKETS   where it keeps its buckets (default data/buckets); with an S3 store, upload the files with `aws s3 cp` instead
#   NAME      of the dataset group, of everything in it and of the bucket (default ml-1m-cli)
set -euo pipefail
folder=${1:-../shared/data/ml-1m}
endpoint=${ENDPOINT:-http://127.0.0.1:8001}
name=${NAME:-ml-1m-cli}
bucket=${BUCKETS:-data/buckets}/$name
role=arn:aws:iam::000000000000:role/Sommelier
export AWS_DEFAULT_REGION=${AWS_DEFAULT_REGION:-us-east-1} AWS_PAGER=

personalize() { aws personalize --endpoint-url "$endpoint" --no-sign-request --output text "$@"; }

# wait_for QUERY COMMAND...: asks once a second, for an hour at most, until the status that QUERY finds is ACTIVE.
wait_for() {
  local query=$1 status=''
  shift
  for _ in $(seq 3600); do
    status=$(personalize "$@" --query "$query")
    case $status in
      ACTIVE) echo "$* is ACTIVE"; return ;;
      *FAILED | *STOPPED) echo "$*: $status" >&2; personalize "$@" >&2; exit 1 ;;
    esac
    sleep 1
  done
  echo "$* was not ACTIVE after an hour: $status" >&2
  exit 1
}

# avro NAME FIELDS: an Avro schema; FIELDS is the inside of its list.
avro() {
  printf '{"type":"record","name":"%s","namespace":"com.amazonaws.personalize.schema","fields":[%s],"version":"1.0"}' "$1" "$2"
}

# import_dataset TYPE FILE FIELDS
import_dataset() {
  local type=$1 file=$2 fields=$3 schema dataset job
  schema=$(personalize create-schema --name "$name-$file" --schema "$(avro "$type" "$fields")" --query schemaArn)
  dataset=$(personalize create-dataset --name "$name-$file" --schema-arn "$schema" --dataset-group-arn "$group" \
    --dataset-type "$type" --query datasetArn)
  wait_for dataset.status describe-dataset --dataset-arn "$dataset"
  job=$(personalize create-dataset-import-job --job-name "$name-$file" --dataset-arn "$dataset" \
    --data-source "dataLocation=s3://$name/$file.csv" --role-arn "$role" --query datasetImportJobArn)
  wait_for datasetImportJob.status describe-dataset-import-job --dataset-import-job-arn "$job"
}

if [[ $folder == -* ]]; then
  sed -n '2,/^set/{s/^# *//p}' "$0"
  [[ $folder == -h || $folder == --help ]] && exit 0 || exit 2
fi
[[ -f $folder/interactions.csv ]] || { echo "There is no $folder/interactions.csv: name another folder." >&2; exit 1; }

# Before anything is copied: a name that is taken has a bucket that is somebody's.
group=$(personalize create-dataset-group --name "$name" --query datasetGroupArn) ||
  { echo "If $name exists already, choose another name: NAME=other $0" >&2; exit 1; }
mkdir -p "$bucket"
people=interactions
for file in interactions items users; do
  if [[ -f $folder/$file.csv ]]; then cp "$folder/$file.csv" "$bucket"/; fi
done
if [[ -f $folder/users.csv ]]; then people=users; fi
tail -n +2 "$bucket/$people.csv" | sed 's/,.*//; s/.*/{"userId": "&"}/' | sort -u > "$bucket/people.jsonl"

wait_for datasetGroup.status describe-dataset-group --dataset-group-arn "$group"
import_dataset Interactions interactions \
  '{"name":"USER_ID","type":"string"},{"name":"ITEM_ID","type":"string"},{"name":"TIMESTAMP","type":"long"}'
[[ ! -f $folder/items.csv ]] || import_dataset Items items \
  '{"name":"ITEM_ID","type":"string"},{"name":"TITLE","type":"string"},{"name":"GENRES","type":"string","categorical":true},{"name":"YEAR","type":"int"}'
[[ ! -f $folder/users.csv ]] || import_dataset Users users \
  '{"name":"USER_ID","type":"string"},{"name":"GENDER","type":"string","categorical":true},{"name":"AGE","type":"int"},{"name":"OCCUPATION","type":"string","categorical":true}'

solution=$(personalize create-solution --name "$name" --dataset-group-arn "$group" --no-perform-auto-training \
  --recipe-arn arn:aws:personalize:::recipe/aws-user-personalization-v2 --query solutionArn)
wait_for solution.status describe-solution --solution-arn "$solution"
version=$(personalize create-solution-version --solution-arn "$solution" --query solutionVersionArn)
wait_for solutionVersion.status describe-solution-version --solution-version-arn "$version"
personalize get-solution-metrics --solution-version-arn "$version" --output table

job=$(personalize create-batch-inference-job --job-name "$name" --solution-version-arn "$version" --num-results 10 \
  --job-input "s3DataSource={path=s3://$name/people.jsonl}" \
  --job-output "s3DataDestination={path=s3://$name/recommendations/}" --role-arn "$role" --query batchInferenceJobArn)
wait_for batchInferenceJob.status describe-batch-inference-job --batch-inference-job-arn "$job"
wc -l "$bucket/recommendations/people.jsonl.out"
head -n 1 "$bucket/recommendations/people.jsonl.out"
