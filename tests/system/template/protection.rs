//! What protects the stack: TLS, who may leave dead letters where, what the public function may do.

use serde_json::Value;

use crate::template;

fn resources_of(kind: &str) -> Vec<(String, Value)> {
    let template = template();
    let resources = template["Resources"].as_object().unwrap().clone();
    resources
        .into_iter()
        .filter(|(_, resource)| resource["Type"] == kind)
        .map(|(name, resource)| (name, resource["Properties"].clone()))
        .collect()
}

fn referred(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|item| item["Ref"].as_str().unwrap().to_owned()).collect()
}

/// Whether a policy denies everybody what does not come over TLS.
fn denies_without_tls(policy: &Value) -> bool {
    let statements = policy["PolicyDocument"]["Statement"].as_array().unwrap();
    statements.iter().any(|statement| {
        statement["Effect"] == "Deny"
            && statement["Principal"] == "*"
            && statement["Condition"]["Bool"]["aws:SecureTransport"] == "false"
    })
}

#[test]
fn every_queue_and_topic_demands_tls() {
    for (kind, policies, members) in
        [("AWS::SQS::Queue", "AWS::SQS::QueuePolicy", "Queues"), ("AWS::SNS::Topic", "AWS::SNS::TopicPolicy", "Topics")]
    {
        let demanding = resources_of(policies).into_iter().filter(|(_, policy)| denies_without_tls(policy));
        let protected: Vec<String> = demanding.flat_map(|(_, policy)| referred(&policy[members])).collect();
        for (name, _) in resources_of(kind) {
            assert!(protected.contains(&name), "{name}");
        }
    }
}

#[test]
fn only_the_events_queue_may_leave_its_dead_letters() {
    let queues: serde_json::Map<String, Value> = resources_of("AWS::SQS::Queue").into_iter().collect();
    let allowed = &queues["DeadLetterQueue"]["RedriveAllowPolicy"];
    assert_eq!(allowed["redrivePermission"], "byQueue");
    let sources = allowed["sourceQueueArns"].as_array().unwrap();
    // It cannot refer to the events queue, which refers to it: so it must write down the very same name.
    let name = &queues["EventsQueue"]["QueueName"]["Fn::Sub"];
    let arn = &sources[0]["Fn::Sub"];
    assert_eq!(sources.len(), 1);
    assert_eq!(arn[0].as_str().unwrap().rsplit(':').next(), name[0].as_str());
    assert_eq!(arn[1], name[1]);
}

#[test]
fn public_function_can_only_send_to_two_queues_and_write_its_log() {
    let (_, role) = resources_of("AWS::IAM::Role").into_iter().find(|(name, _)| name == "ReceiverRole").unwrap();
    let statements = role["Policies"][0]["PolicyDocument"]["Statement"].as_array().unwrap().clone();
    let allowed: Vec<String> =
        statements.iter().map(|statement| format!("{} {}", statement["Action"], statement["Resource"]["Fn::GetAtt"])).collect();
    assert_eq!(
        allowed,
        [
            r#""sqs:SendMessage" "EventsQueue.Arn""#,
            r#""sqs:SendMessage" "QuarantineQueue.Arn""#,
            r#"["logs:CreateLogStream","logs:PutLogEvents"] "ReceiverLogs.Arn""#,
        ]
    );
}
